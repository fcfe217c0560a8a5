"""Creates accounts and API tokens for `upvote user create` and `upvote token create`."""

from app.accounts import queries
from app.accounts.forms import check_credentials
from app.accounts.names import NameTaken, insert_account
from app.accounts.passwords import hash_password
from app.accounts.tokens import new_token, token_hash
from app.board.queries import select_board_settings
from app.board.settings import defaults_of, with_stored
from app.errors import OperatorError
from app.settings import Settings
from app.storage.connections import open_database


async def create_user(settings: Settings, name: str, password: str, is_admin: bool) -> None:
    """Create an account. Raises OperatorError for a bad name or password, or a name that is taken."""
    secret_key = settings.require_secret_key()
    async with await open_database(settings) as pool, pool.acquire() as db:
        board = with_stored(defaults_of(settings), await select_board_settings(db))
        if errors := await check_credentials(name, password, board.name):
            raise OperatorError(" ".join(errors.values()))
        password_hash = await hash_password(password)
        try:
            async with db.transaction():
                await insert_account(db, secret_key, name, password_hash, is_admin=is_admin)
        except NameTaken as error:
            why = "too like a name that somebody has or had" if error.alike else "taken"
            raise OperatorError(f"The username {name} is {why}. Choose another one.") from None


async def create_token(settings: Settings, name: str) -> str:
    """Create an API token for a user and return it; only its hash is stored."""
    async with await open_database(settings) as db:
        account = await queries.select_user(db, name)
        if account is None:
            raise OperatorError(f"There is no user {name}. Create one: upvote user create {name}")
        token = new_token()
        await queries.insert_token(db, account.id, token_hash(token), "made on the command line")
        return token
