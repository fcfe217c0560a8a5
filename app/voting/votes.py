"""The types of the vote path: a vote, a tally, and the result of casting a vote."""

from enum import IntEnum
from typing import NamedTuple

# The value of a downvote by an account that is too new for one. votes.lua refuses it.
TOO_NEW_DOWNVOTE = -2


class Vote(NamedTuple):
    """The end state that one user wants on one project: value 1 up, -1 down, 0 none. Safe to repeat."""

    project_id: int
    user_id: int
    value: int


class Tally(NamedTuple):
    """A project's counts; `version` grows by one with every change."""

    upvotes: int
    downvotes: int
    version: int

    @property
    def score(self) -> int:
        return self.upvotes - self.downvotes


class Closed(IntEnum):
    """Whether a project accepts votes. A gone project is hidden or deleted.

    PostgreSQL, Redis and Status use the same numbers.
    """

    OPEN = 0
    LOCKED = 1
    GONE = 2


class Status(IntEnum):
    """What became of a vote; the numbers are those of votes.lua."""

    ACCEPTED = 0
    LOCKED = Closed.LOCKED
    GONE = Closed.GONE
    COLD = 3
    OVER_PROJECT_LIMIT = 4
    OVER_ACCOUNT_LIMIT = 5
    NO_DOWNVOTES = 6
    ACCOUNT_TOO_NEW = 7
    OWN_PROJECT = 8
    NOT_BEGUN = 9
    ENDED = 10
    OVER_BUDGET = 11
    NOT_COUNTED = 12


class VoteState(NamedTuple):
    """A project's tally and one user's vote on it."""

    tally: Tally
    value: int


class ShownState(NamedTuple):
    """What a reader may see of a project: its tally, None while it is secret, and the reader's vote."""

    tally: Tally | None
    value: int


class VoteResult(NamedTuple):
    """What became of a vote, and the state after it.

    `wait_ms` is how long a refused vote has to wait until it can be accepted. `votes_left` is how many
    more votes the account may have in force; None: any number, or not known.
    """

    status: Status
    wait_ms: int
    state: VoteState
    votes_left: int | None = None

    @property
    def value(self) -> int:
        return self.state.value

    @property
    def tally(self) -> Tally:
        return self.state.tally

    @property
    def over_limit(self) -> bool:
        """Whether the vote may be sent again later; every other refusal is final."""
        return self.status in (Status.OVER_PROJECT_LIMIT, Status.OVER_ACCOUNT_LIMIT)

    @property
    def retry_after(self) -> int:
        """Whole seconds for a Retry-After header, rounded up.

        wait_ms has a millisecond added for rounding, without which a wait of 10 s would be shown as 11.
        """
        return max(1, -(-(self.wait_ms - 1) // 1000))
