"""Short-lived cookies that the board signs, for what a browser has to bring back to any process.

Scripts of a page cannot read them, and requests that other sites send do not carry them, except links.
"""

from typing import Any

from itsdangerous import BadData
from quart import after_this_request, current_app, request

from app.web.dated import DatedSerializer


class SignedCookie:
    """A kind of cookie, which is over after `seconds` and is sent to addresses below `path`.

    It may have several names, so that several tabs do not disturb each other.
    """

    def __init__(self, salt: str, seconds: int, path: str = "/") -> None:
        self._salt, self._seconds, self._path = salt, seconds, path

    def write(self, name: str, value: object) -> None:
        """Store a value, which is for JSON, with the response to this request."""
        signed = self._serializer().dumps(value)

        @after_this_request
        async def store(response: Any) -> Any:
            response.set_cookie(
                name,
                signed,
                max_age=self._seconds,
                path=self._path,
                httponly=True,
                samesite="Lax",
                secure=request.is_secure,
            )
            return response

    def read(self, name: str) -> Any:
        """Return the value that this request brings; None if there is none, or its time is over."""
        try:
            return self._serializer().loads(request.cookies.get(name, ""), max_age=self._seconds)
        except BadData:
            return None

    def forget(self, name: str) -> None:
        """Remove the cookie with the response to this request."""

        @after_this_request
        async def remove(response: Any) -> Any:
            response.delete_cookie(name, path=self._path, httponly=True, samesite="Lax")
            return response

    def _serializer(self) -> DatedSerializer:
        return DatedSerializer(current_app.secret_key or "", self._salt)
