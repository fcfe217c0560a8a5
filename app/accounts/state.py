"""The state that a web process keeps about accounts."""

import time

from app.accounts.ended_sessions import EndedSessions
from app.accounts.limiter import Limiter
from app.accounts.revocation import Revocations
from app.accounts.signed_out import SignedOut
from app.accounts.tokens import TokenCache
from app.accounts.user import User
from app.services import Services
from app.single_flight import SharedCache
from app.voting.votes import ShownState, VoteState

# How long (s) pages keep showing an admin's links after the account stopped being one, and the reverse.
ADMIN_SECONDS = 5.0
MAX_CACHED_USERS = 10_000


class AccountsState:
    """The limits, ended sessions, API tokens and admins of one process."""

    def __init__(self, services: Services) -> None:
        self._board = services.board
        self.limiter = Limiter(services.redis)
        self.revocations = Revocations()
        self.ended_sessions = EndedSessions(services.redis, self.revocations)
        self.tokens = TokenCache()
        # user -> whether an admin; all requests of a user share one query
        self.is_admin: SharedCache[bool] = SharedCache(ADMIN_SECONDS, MAX_CACHED_USERS)
        # all admins, from the last time that PostgreSQL answered
        self.admin_ids: frozenset[int] = frozenset()
        self.signed_out = SignedOut(services.redis)

    def is_over(self, user: User) -> bool:
        """Return whether a session has been ended, its cookie has expired, or nobody knows yet."""
        ended = not self.revocations.known or self.revocations.is_over(user.id, user.began)
        return ended or user.until < time.time()

    def sees_tallies(self, user_id: int | None) -> bool:
        """Return whether this reader (None: a visitor) may see tallies; secret ones only an admin."""
        return not self._board.is_secret() or user_id in self.admin_ids

    def shown(self, state: VoteState, user_id: int | None) -> ShownState:
        """Return what this reader may see of a project whose vote by the reader is in `state`.

        No tally reaches a reader in any other way, so no page can forget that it is secret.
        """
        return ShownState(state.tally if self.sees_tallies(user_id) else None, state.value)


def accounts() -> AccountsState:
    """Return the state of the app that handles this request."""
    from quart import current_app  # here, since the worker would load all of Quart for it

    found: AccountsState = current_app.extensions["upvote_accounts"]
    return found
