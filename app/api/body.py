"""What a call brings along."""

from typing import TypeVar

from pydantic import BaseModel, ValidationError
from quart import abort, request

from app.web.errors import what_is_wrong

Body = TypeVar("Body", bound=BaseModel)


async def read_body(model: type[Body], largest: int, example: str) -> Body:
    """The request's body as JSON, whatever its content type says: curl -d does not know better.

    413 for one of more than `largest` bytes; 422 for one that is no `model`, with an example where it
    is not even an object.
    """
    data = await request.get_data(as_text=False)
    if len(data) > largest:
        abort(413, f"This call has at most {largest} bytes.")
    try:
        return model.model_validate_json(data)
    except ValidationError as error:
        abort(422, what_is_wrong(error) or f"Send JSON: {example}.")
