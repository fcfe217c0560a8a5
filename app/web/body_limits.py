"""Limits for request bodies: size, number of form fields, and time to arrive."""

from dataclasses import dataclass
from typing import Any

from quart import Quart, Request
from quart.formparser import FormDataParser
from werkzeug.exceptions import RequestEntityTooLarge


@dataclass(frozen=True)
class LargeBody:
    """A route that takes more than MAX_BODY_BYTES; the message says how much."""

    max_bytes: int
    message: str


LOGO_PATH = "/admin/board/logo"
LARGE_BODIES = {
    LOGO_PATH: LargeBody(
        1024 * 1024 + 16 * 1024,
        "This file is larger than 1 MB. Upload a PNG, JPEG or WebP picture of at most 1 MB.",
    )
}
MAX_BODY_BYTES = 64 * 1024  # fits a project's longest title, link and text with every character escaped
BODY_SECONDS = 15
# The longest form of ours suspends accounts, and has a field for each that is left out.
MAX_FORM_FIELDS = 100


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

    def __init__(
        self,
        method: str,
        scheme: str,
        path: str,
        *others: Any,
        max_content_length: int | None = None,
        **options: Any,
    ) -> None:
        if method == "POST" and (large := LARGE_BODIES.get(path)):
            max_content_length = large.max_bytes
        super().__init__(
            method, scheme, path, *others, max_content_length=max_content_length, **options
        )
        self.max_content_length = max_content_length  # of forms with files


def install_body_limits(app: Quart) -> None:
    app.request_class = LimitedRequest
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.config["BODY_TIMEOUT"] = BODY_SECONDS
    app.config["MAX_FORM_PARTS"] = MAX_FORM_FIELDS
