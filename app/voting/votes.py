"""The nouns of voting: what is cast, what is counted, what is answered."""

from enum import IntEnum
from typing import NamedTuple

# The value of a downvote, where the account is too young to cast one: always refused, with the state.
YOUNG_DOWNVOTE = -2


class Vote(NamedTuple):
    """One user's wanted end state on one project: value 1 up, -1 down, 0 none. Safe to repeat."""

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


class Status(IntEnum):
    """What became of a vote; the numbers are those of votes.lua."""

    ACCEPTED = 0
    COLD = 1
    OVER_PROJECT_LIMIT = 2
    OVER_ACCOUNT_LIMIT = 3
    LOCKED = 4
    GONE = 5
    NO_DOWNVOTES = 6
    TOO_YOUNG = 7
    OWN_PROJECT = 8


class Closed(IntEnum):
    """Whether a project takes votes; a gone one is hidden or deleted. The numbers are PostgreSQL's."""

    OPEN = 0
    LOCKED = 1
    GONE = 2


class Answer(NamedTuple):
    """The function's answer to one vote: the state that is true now, whatever became of it.

    `wait_ms` is how long a refused vote has to wait until it can be accepted.
    """

    status: Status
    wait_ms: int
    value: int
    tally: Tally

    @property
    def over_limit(self) -> bool:
        """Whether the vote may be sent again later; any other refusal stands."""
        return self.status in (Status.OVER_PROJECT_LIMIT, Status.OVER_ACCOUNT_LIMIT)

    @property
    def retry_after(self) -> int:
        """Whole seconds for a Retry-After header, rounded up.

        The millisecond that wait_ms has on top of the window passes on the way to the client.
        """
        return max(1, -(-(self.wait_ms - 1) // 1000))


class Standing(NamedTuple):
    """A hot project's live tally and one user's vote on it."""

    tally: Tally
    value: int


class Opinions(NamedTuple):
    """A hot project's live tally and the votes on it of those who were asked about: user -> value."""

    tally: Tally
    values: dict[int, int]


class VotesUnavailable(Exception):
    """Redis cannot be asked now. The vote may or may not have been counted; repeating it is safe."""

    retry_after = 2


class UnknownProject(Exception):
    """There is no such project, or it has been hidden or deleted."""
