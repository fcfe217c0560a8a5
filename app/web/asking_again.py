"""Redirects by which a browser asks again by itself, for what takes longer than one answer may take."""

from urllib.parse import urlencode

from quart import Response, redirect, request

# The field of an address that counts how often it was asked for. Browsers follow 20 redirects; the last
# one may lead to the page behind a form.
FIELD, TURNS = "turn", 18


def turn() -> int:
    """Return how many times the browser has asked, with this time."""
    return request.args.get(FIELD, 0, type=int) + 1


def may_ask_again() -> bool:
    """Return whether it has not asked too often; programs that use the API ask by themselves."""
    return 0 < turn() <= TURNS and not request.path.startswith("/api/")


def address(**changed: str) -> str:
    """Return the address of the request without the count, or with the one that is given."""
    query = {name: value for name, value in request.args.items() if name != FIELD} | changed
    return f"{request.path}?{urlencode(query)}" if query else request.path


def ask_again() -> Response:
    """Return the redirect to the same address. By status 307 a form is sent as it was."""
    answer: Response = redirect(address(**{FIELD: str(turn())}), 307)  # type: ignore[assignment]
    answer.headers["Cache-Control"] = "no-store"
    return answer
