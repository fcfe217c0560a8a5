"""The line in which a crowd waits to have its passwords hashed, longer than one request may take.

A browser that was not served in time is told to send the same form again, by status 307, which it does
by itself and with everything that was typed. Nobody has to press the button again, and each answer
still comes within 2 s.
"""

from urllib.parse import urlencode

from quart import Response, redirect, request
from quart.typing import ResponseReturnValue

from app.accounts.hash_line import FIELD, StillInLine, can_come_again, turn
from app.web.errors import answer_error


async def come_again(error: StillInLine) -> ResponseReturnValue:
    """Return the redirect to the same form; after TURNS of them, the page that says to try again."""
    if not can_come_again():
        return await answer_error(error)
    query = {**request.args.to_dict(), FIELD: str(turn())}
    answer: Response = redirect(f"{request.path}?{urlencode(query)}", 307)  # type: ignore[assignment]
    answer.headers["Cache-Control"] = "no-store"
    return answer
