"""The line in which a crowd waits to have its passwords hashed, longer than one request may take.

A browser that was not served in time is told to send the same form again, by status 307, which it does
by itself and with everything that was typed. Nobody has to press the button again, and each answer
still comes within 2 s.
"""

from urllib.parse import urlencode

from quart import Response, redirect, request
from quart.typing import ResponseReturnValue

from app.accounts.passwords import StillInLine
from app.web.errors import answer_error

FIELD = "turn"
# Browsers follow 20 redirects; the last one leads to the page behind the form.
TURNS = 18


async def come_again(error: StillInLine) -> ResponseReturnValue:
    """Return the redirect to the same form; after TURNS of them, the page that says to try again."""
    turn = request.args.get(FIELD, 0, type=int) + 1
    is_form = request.method == "POST" and request.headers.get("HX-Request") != "true"
    if not is_form or not 0 < turn <= TURNS or request.path.startswith("/api/"):
        return await answer_error(error)
    query = {**request.args.to_dict(), FIELD: str(turn)}
    answer: Response = redirect(f"{request.path}?{urlencode(query)}", 307)  # type: ignore[assignment]
    answer.headers["Cache-Control"] = "no-store"
    return answer
