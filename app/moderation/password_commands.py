"""Makes links and sets passwords for `upvote user link` and `upvote user password`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from asyncpg import Pool

from app.accounts.forms import password_error
from app.accounts.links.password_links import set_password
from app.accounts.links.queries import select_user_for_link
from app.accounts.passwords import hash_password
from app.accounts.queries import Account, select_user
from app.board.stored import read_board
from app.errors import OperatorError
from app.moderation.password_links import make_logged_link
from app.moderation.queries import insert_user_action
from app.settings import Settings
from app.storage.connections import open_database

REASON = "On the command line."


async def link_user(settings: Settings, name: str) -> str:
    """Return the address of a new link to set a password. Raises OperatorError."""
    async with _open_account(settings, name) as (db, account):
        path = await make_logged_link(db, None, account.id, REASON)
        if path is None:
            raise _suspended(name)
        return settings.address + path


async def set_user_password(settings: Settings, name: str, password: str) -> None:
    """Set the password of an account and end its sessions. Raises OperatorError."""
    async with _open_account(settings, name) as (db, account):
        board = await read_board(db, settings)
        if error := await password_error(password, name, board.name):
            raise OperatorError(error)
        password_hash = await hash_password(password)
        async with db.acquire() as connection, connection.transaction():
            if not await select_user_for_link(connection, account.id):
                raise _suspended(name)
            await set_password(connection, account.id, password_hash)
            await insert_user_action(connection, None, "password", account.id, REASON)


@asynccontextmanager
async def _open_account(settings: Settings, name: str) -> AsyncIterator[tuple[Pool, Account]]:
    async with await open_database(settings) as db:
        account = await select_user(db, name)
        if account is None:
            raise OperatorError(f"There is no user {name}. Create one: upvote user create {name}")
        yield db, account


def _suspended(name: str) -> OperatorError:
    return OperatorError(f"{name} is suspended and cannot sign in. End the suspension first")
