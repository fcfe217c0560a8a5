"""The line in which a crowd waits to have its passwords hashed, longer than one request may take.

A browser that was not served in time is told to send the same form again, by status 307, which it does
by itself and with everything that was typed. Nobody has to press the button again, and each answer
still comes within 2 s.
"""

from quart.typing import ResponseReturnValue

from app.accounts.hash_line import StillInLine, can_come_again
from app.web.asking_again import ask_again
from app.web.errors import answer_error


async def come_again(error: StillInLine) -> ResponseReturnValue:
    """Return the redirect to the same form; after TURNS of them, the page that says to try again."""
    if not can_come_again():
        return await answer_error(error)
    return ask_again()
