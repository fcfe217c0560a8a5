"""Creates, lists and revokes API tokens for `upvote token create`, `list` and `revoke`."""

from collections.abc import Sequence
from typing import Any

from asyncpg import Pool

from app.accounts import queries
from app.accounts.queries import Account
from app.accounts.settings.queries import Token, delete_token, select_tokens
from app.accounts.tokens import new_token, token_hash
from app.errors import OperatorError
from app.settings import Settings
from app.storage.connections import open_database


async def create_token(settings: Settings, name: str, scopes: Sequence[str] = ()) -> str:
    """Create an API token for a user and return it; only its hash is stored.

    Raises OperatorError if there is no such user, or if scopes are for somebody who is no admin.
    """
    async with await open_database(settings) as db:
        account = await _account(db, name)
        if scopes and not account.is_admin:
            raise OperatorError(
                f"{name} is no admin, and only an admin's token may have the scope {scopes[0]}. "
                f"Make the account an admin first: upvote user admin {name}"
            )
        token = new_token()
        digest = token_hash(token)
        await queries.insert_token(db, account.id, digest, "made on the command line", scopes)
        return token


async def list_tokens(settings: Settings, name: str) -> list[Token]:
    """Return a user's tokens, newest first. Raises OperatorError if there is no such user."""
    async with await open_database(settings) as db:
        return await select_tokens(db, (await _account(db, name)).id)


async def revoke_token(settings: Settings, name: str, number: str) -> None:
    """Revoke a user's token; web processes refuse it within seconds. Raises OperatorError."""
    token_id = int(number) if number.isdecimal() and len(number) < 19 else 0
    async with await open_database(settings) as db:
        account = await _account(db, name)
        if await delete_token(db, account.id, token_id) is None:
            raise OperatorError(
                f"{name} has no token {number!r}: upvote token list {name} shows their numbers. "
                "Nothing was changed."
            )


def as_json(token: Token) -> dict[str, Any]:
    """Return a token for programs; the token itself is not stored."""
    return {
        "id": token.id,
        "name": token.name,
        "scopes": list(token.scopes),
        "created_at": token.created_at.isoformat(),
        "last_used_at": token.last_used_at and token.last_used_at.isoformat(),
    }


async def _account(db: Pool, name: str) -> Account:
    account = await queries.select_user(db, name)
    if account is None:
        raise OperatorError(f"There is no user {name}. Create one: upvote user create {name}")
    return account
