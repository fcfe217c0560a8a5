"""The last admin who can act stays: who else would make somebody an admin?"""

from asyncpg import Connection

from app.accounts.settings.queries import select_only_admin


class OnlyAdmin(Exception):
    """Nobody could act as an admin after this, so it was not done."""

    def __init__(self) -> None:
        super().__init__("This is the only admin. Make somebody else an admin first.")


async def check_other_admin(db: Connection, user_id: int) -> None:
    """Raise OnlyAdmin if nobody else can act as an admin. Needs a transaction."""
    if await select_only_admin(db) == user_id:
        raise OnlyAdmin
