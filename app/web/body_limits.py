"""Limits for request bodies: size, number of form fields, and time to arrive."""

from typing import Any

from quart import Quart, Request
from quart.formparser import FormDataParser
from werkzeug.exceptions import RequestEntityTooLarge

MAX_BODY_BYTES = 64 * 1024  # fits a project's longest title, link and text with every character escaped
BODY_SECONDS = 15
MAX_FORM_FIELDS = 100  # our own forms have at most five


class FieldCountingParser(FormDataParser):
    """Limit the number of fields in every form; Quart limits only multipart forms."""

    async def _parse_urlencoded(self, body: Any, *others: Any) -> Any:
        if (await body).count(b"&") >= MAX_FORM_FIELDS:
            raise RequestEntityTooLarge(f"A form may have at most {MAX_FORM_FIELDS} fields.")
        return await FormDataParser._parse_urlencoded(self, body, *others)

    parse_functions: dict[str, Any] = FormDataParser.parse_functions | {
        "application/x-www-form-urlencoded": _parse_urlencoded,
        "application/x-url-encoded": _parse_urlencoded,
    }


class LimitedRequest(Request):
    form_data_parser_class = FieldCountingParser


def install_body_limits(app: Quart) -> None:
    app.request_class = LimitedRequest
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.config["BODY_TIMEOUT"] = BODY_SECONDS
    app.config["MAX_FORM_PARTS"] = MAX_FORM_FIELDS
