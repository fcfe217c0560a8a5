"""Creates API tokens for `upvote token create`."""

from app.accounts import queries
from app.accounts.tokens import new_token, token_hash
from app.errors import OperatorError
from app.settings import Settings
from app.storage.connections import open_database


async def create_token(settings: Settings, name: str) -> str:
    """Create an API token for a user and return it; only its hash is stored."""
    async with await open_database(settings) as db:
        account = await queries.select_user(db, name)
        if account is None:
            raise OperatorError(f"There is no user {name}. Create one: upvote user create {name}")
        token = new_token()
        await queries.insert_token(db, account.id, token_hash(token), "made on the command line")
        return token
