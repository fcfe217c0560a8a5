"""When projects are frozen: outside of the times for submitting, only admins submit and change them."""

from asyncpg import Connection
from werkzeug.exceptions import Forbidden

from app.accounts.admins import is_admin
from app.accounts.queries import select_is_admin
from app.board.board import Phase
from app.board.phases import locked_submitting_phase
from app.board.queries import select_board_settings
from app.board.words import frozen_words
from app.services import board


class Frozen(Forbidden):
    """Submitting is not open; the message says when it opens or that it has ended."""

    title = "Submitting is closed"


async def require_submitting(db: Connection, user_id: int) -> Phase:
    """Raise Frozen unless this user may submit projects now; return whether others may too.

    Decided in the transaction of `db`: nobody closes submitting before it ends.
    """
    phase = await locked_submitting_phase(board(), db)
    if phase == "open" or await select_is_admin(db, user_id):
        return phase
    # The words are those of what was decided. No second connection is taken from the pool for them.
    board().learn(board().resolve(await select_board_settings(db)))
    raise Frozen(frozen_words(board()) or "Submitting is closed.")


async def refuse_while_frozen() -> None:
    """Raise Frozen on a page with a form that would be refused."""
    if (words := frozen_words(board())) and not await is_admin():
        raise Frozen(words)
