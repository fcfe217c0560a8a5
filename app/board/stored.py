"""What an organiser has set, for a command that needs a key of it once and follows no changes."""

from asyncpg import Connection, Pool

from app.board.queries import select_board_settings
from app.board.settings import BoardSettings, defaults_of, with_stored
from app.settings import Settings


async def read_board(db: Pool | Connection, settings: Settings) -> BoardSettings:
    """Return the board's settings as they are now, with the defaults of this environment."""
    return with_stored(defaults_of(settings), await select_board_settings(db))
