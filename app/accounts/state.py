"""What a web process remembers about accounts."""

from quart import current_app

from app.accounts.limits.limiter import Limiter
from app.accounts.revocation import Revocations
from app.accounts.tokens import TokenCache
from app.services import Services
from app.single_flight import SharedCache

# How long (s) pages keep showing an admin's links after the account stopped being one, and the reverse.
ADMIN_SECONDS = 5.0
MAX_ADMIN_ANSWERS = 10_000


class AccountsState:
    """One process' limits, ended sessions, API tokens and admins."""

    def __init__(self, services: Services) -> None:
        self.limiter = Limiter(services.redis)
        self.revocations = Revocations()
        self.tokens = TokenCache()
        # user -> whether an admin; one question to PostgreSQL for all requests of a user
        self.is_admin: SharedCache[bool] = SharedCache(ADMIN_SECONDS, MAX_ADMIN_ANSWERS)
        # all admins, as of the last time that PostgreSQL answered
        self.admin_ids: frozenset[int] = frozenset()


def accounts() -> AccountsState:
    """Return the state of the app that handles this request."""
    found: AccountsState = current_app.extensions["upvote_accounts"]
    return found
