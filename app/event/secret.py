"""Who may see the tallies of a board that keeps them secret: its admins."""

from werkzeug.exceptions import Forbidden

from app.accounts.guard import known_user
from app.accounts.queries import select_is_admin
from app.board.board import Board
from app.services import board, services
from app.web.formatting import long_time


class Secret(Forbidden):
    """The tallies are secret; the API says `secret`."""

    name = "Secret"
    title = "The results are secret"

    def __init__(self, board: Board) -> None:
        super().__init__(until_when(board))


def until_when(board: Board) -> str:
    """Return a sentence that says when everybody will see the tallies."""
    settings = board.settings
    if not board.known:
        return "The board has just started and does not know its settings yet. Please try again."
    if settings.tallies == "after_voting" and settings.vote_until:
        end = long_time(settings.vote_until, settings.zone)
        return f"Everybody can see the results when voting ends, on {end}."
    return "Everybody can see the results as soon as an admin reveals them."


async def require_tallies() -> None:
    """Answer 403 if the tallies are secret for the reader of this page. PostgreSQL is asked."""
    if board().is_secret() and not await is_admin_now():
        raise Secret(board())


async def is_admin_now() -> bool:
    """Return whether an admin is signed in; a removed admin loses access at once."""
    user = known_user()
    return user is not None and await select_is_admin(services().db, user.id)
