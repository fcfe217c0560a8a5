"""Request bodies of the API."""

from typing import TypeVar

from pydantic import BaseModel, ValidationError
from quart import abort, request

from app.web.errors import describe_error

Body = TypeVar("Body", bound=BaseModel)


async def read_body(model: type[Body], max_bytes: int, example: str) -> Body:
    """Parse the request's body as JSON and validate it as `model`.

    The content type is ignored, because curl -d sends that of a form. Answer 413 for more than
    `max_bytes` bytes, and 422 for a body that does not fit `model`, with the example if it is not even
    an object.
    """
    data = await request.get_data(as_text=False)
    if len(data) > max_bytes:
        abort(413, f"The body is too large: send at most {max_bytes:,} bytes.")
    try:
        return model.model_validate_json(data)
    except ValidationError as error:
        abort(422, describe_error(error) or f"Send a JSON object like {example}.")
