"""Checks that a database is empty or a board's, for commands that delete what is in it."""

from pathlib import Path

from asyncpg import Connection

from app.errors import OperatorError
from app.operations.backup import queries
from app.storage.migrate import MIGRATIONS


def known_migrations() -> dict[str, Path]:
    """Return the files of this version's migrations by their number."""
    return {path.name.split("_")[0]: path for path in MIGRATIONS.glob("[0-9]*.sql")}


async def check_is_board(db: Connection) -> None:
    """Raise OperatorError if the database has tables that are not a board's.

    A board that was begun, or is of another version, has some or all of this version's migrations.
    """
    known, applied = known_migrations().keys(), await queries.select_applied(db)
    is_board = bool(applied) and (applied <= known or applied >= known)
    if not is_board and await queries.select_has_relations(db):
        raise OperatorError("this database has tables of something else: name an empty one")
