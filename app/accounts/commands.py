"""Creates API tokens for `upvote token create`."""

from collections.abc import Sequence

from app.accounts import queries
from app.accounts.tokens import new_token, token_hash
from app.errors import OperatorError
from app.settings import Settings
from app.storage.connections import open_database


async def create_token(settings: Settings, name: str, scopes: Sequence[str] = ()) -> str:
    """Create an API token for a user and return it; only its hash is stored.

    Raises OperatorError if there is no such user, or if scopes are for somebody who is no admin.
    """
    async with await open_database(settings) as db:
        account = await queries.select_user(db, name)
        if account is None:
            raise OperatorError(f"There is no user {name}. Create one: upvote user create {name}")
        if scopes and not account.is_admin:
            raise OperatorError(
                f"{name} is no admin, and only an admin's token may have the scope {scopes[0]}. "
                f"Make the account an admin first: upvote user admin {name}"
            )
        token = new_token()
        digest = token_hash(token)
        await queries.insert_token(db, account.id, digest, "made on the command line", scopes)
        return token
