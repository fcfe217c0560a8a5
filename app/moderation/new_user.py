"""Creates an account for `upvote user create`, and logs it."""

from app.accounts.forms import check_credentials
from app.accounts.names import NameTaken, insert_account
from app.accounts.passwords import hash_password
from app.board.stored import read_board
from app.errors import OperatorError
from app.moderation.queries import insert_user_action
from app.moderation.user_commands import REASON
from app.settings import Settings
from app.storage.connections import open_database


async def create_user(settings: Settings, name: str, password: str, is_admin: bool) -> None:
    """Create an account. Raises OperatorError for a bad name or password, or a name that is taken."""
    secret_key = settings.require_secret_key()
    async with await open_database(settings) as pool, pool.acquire() as db:
        board = await read_board(db, settings)
        if errors := await check_credentials(name, password, board.name):
            raise OperatorError(" ".join(errors.values()))
        password_hash = await hash_password(password)
        try:
            async with db.transaction():
                made = await insert_account(db, secret_key, name, password_hash, is_admin=is_admin)
                action = "create-admin" if is_admin else "create"
                await insert_user_action(db, None, action, made.id, REASON)
        except NameTaken as error:
            why = "too like a name that somebody has or had" if error.alike else "taken"
            raise OperatorError(f"The username {name} is {why}. Choose another one.") from None
