"""Limits for request bodies: size, number of form fields, and time to arrive."""

from dataclasses import dataclass
from typing import Any, ClassVar, cast
from urllib.parse import parse_qsl
from weakref import WeakSet

from quart import Quart, Request, request
from quart.formparser import FormDataParser
from quart.wrappers.request import Body
from werkzeug.datastructures import MultiDict
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
# A form that is refused because of its size is read up to this one, so that the answer can give back
# what was typed: the longest description that its field takes, with every character escaped. Only
# browsers without JavaScript need it; the others keep a draft. A few at a time, because of the memory.
MAX_RETURNED_BYTES = 512 * 1024
MAX_RETURNED_AT_ONCE = 4
BODY_SECONDS = 15
# The longest form of ours suspends accounts, and has a field for each that is left out.
MAX_FORM_FIELDS = 100


class FieldCountingParser(FormDataParser):
    """Limit the size and the number of fields in every form; Quart limits only multipart forms."""

    async def _parse_urlencoded(self, body: Any, *others: Any) -> Any:
        data = await body
        if has_too_many_fields(data):
            raise RequestEntityTooLarge(f"A form may have at most {MAX_FORM_FIELDS} fields.")
        if len(data) > MAX_BODY_BYTES:  # it was read only to be given back
            raise RequestEntityTooLarge
        return await FormDataParser._parse_urlencoded(self, body, *others)

    parse_functions: dict[str, Any] = FormDataParser.parse_functions | {
        "application/x-www-form-urlencoded": _parse_urlencoded,
        "application/x-url-encoded": _parse_urlencoded,
    }


def has_too_many_fields(data: bytes) -> bool:
    return data.count(b"&") >= MAX_FORM_FIELDS


class LimitedRequest(Request):
    form_data_parser_class = FieldCountingParser
    _returned: ClassVar[WeakSet["LimitedRequest"]] = WeakSet()

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
        if self._is_to_be_returned():
            self._returned.add(self)
            self.body = Body(self.content_length, MAX_RETURNED_BYTES)

    @property
    def is_large_form(self) -> bool:
        """Return whether this is a form that is read only to be given back."""
        return self in self._returned

    async def large_form(self) -> MultiDict[str, str]:
        """Return the fields of a form that was refused because of its size; none if it was not read.

        Raise RequestEntityTooLarge if it is larger than MAX_RETURNED_BYTES.
        """
        data = await self.body if self.is_large_form else b""
        if has_too_many_fields(data):
            return MultiDict()
        return MultiDict(parse_qsl(data.decode(errors="replace"), keep_blank_values=True))

    def forget_large_form(self) -> None:
        """Make room for the next one; requests are in cycles, so only the collector would."""
        if self.is_large_form:
            self._returned.discard(self)
            self.body.clear()

    def _is_to_be_returned(self) -> bool:
        """Return whether this is a large form, and few others are being answered."""
        is_form = self.mimetype == "application/x-www-form-urlencoded" and self.method == "POST"
        is_large = MAX_BODY_BYTES < (self.content_length or 0) <= MAX_RETURNED_BYTES
        is_page = not self.path.startswith("/api/")
        return is_form and is_large and is_page and len(self._returned) < MAX_RETURNED_AT_ONCE


def install_body_limits(app: Quart) -> None:
    app.request_class = LimitedRequest
    app.teardown_request(_forget_large_form)
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.config["BODY_TIMEOUT"] = BODY_SECONDS
    app.config["MAX_FORM_PARTS"] = MAX_FORM_FIELDS


async def _forget_large_form(_: BaseException | None) -> None:
    cast(LimitedRequest, request).forget_large_form()
