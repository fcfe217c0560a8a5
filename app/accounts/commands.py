"""Creates accounts and API tokens for `upvote user create` and `upvote token create`."""

from app.accounts import queries
from app.accounts.forms import check_credentials
from app.accounts.names import NameTaken, insert_account
from app.accounts.passwords import hash_password
from app.accounts.tokens import new_token, token_hash
from app.errors import OperatorError
from app.settings import Settings
from app.storage.connections import open_database


async def create_user(settings: Settings, name: str, password: str, is_admin: bool) -> None:
    """Create an account. Raises OperatorError for a bad name or password, or a name that is taken."""
    errors = check_credentials(name, password)
    if errors:
        raise OperatorError(" ".join(errors.values()))
    secret_key, password_hash = settings.require_secret_key(), await hash_password(password)
    async with await open_database(settings) as pool, pool.acquire() as db:
        try:
            async with db.transaction():
                await insert_account(db, secret_key, name, password_hash, is_admin=is_admin)
        except NameTaken:
            raise OperatorError(f"The username {name} is taken. Choose another one.") from None


async def create_token(settings: Settings, name: str) -> str:
    """Create an API token for a user and return it; only its hash is stored."""
    async with await open_database(settings) as db:
        account = await queries.select_user(db, name)
        if account is None:
            raise OperatorError(f"There is no user {name}. Create one: upvote user create {name}")
        token = new_token()
        await queries.insert_token(db, account.id, token_hash(token), "made on the command line")
        return token
