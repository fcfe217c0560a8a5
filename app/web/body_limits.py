"""How much a request's body may hold, and how long it may take to come."""

from typing import Any

from quart import Quart, Request
from quart.formparser import FormDataParser
from werkzeug.exceptions import RequestEntityTooLarge

LARGEST_BODY = 64 * 1024  # the longest title, link and text of a project, every character escaped
BODY_SECONDS = 15
MOST_FIELDS = 100  # of a form; ours have five at most


class Forms(FormDataParser):
    """Counts the fields of every form; Quart counts only those of multipart ones."""

    async def _parse_urlencoded(self, body: Any, *others: Any) -> Any:
        if (await body).count(b"&") >= MOST_FIELDS:
            raise RequestEntityTooLarge(f"A form has at most {MOST_FIELDS} fields.")
        return await FormDataParser._parse_urlencoded(self, body, *others)

    parse_functions: dict[str, Any] = FormDataParser.parse_functions | {
        "application/x-www-form-urlencoded": _parse_urlencoded,
        "application/x-url-encoded": _parse_urlencoded,
    }


class BoundedRequest(Request):
    form_data_parser_class = Forms


def install_body_limits(app: Quart) -> None:
    app.request_class = BoundedRequest
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY
    app.config["BODY_TIMEOUT"] = BODY_SECONDS
    app.config["MAX_FORM_PARTS"] = MOST_FIELDS
