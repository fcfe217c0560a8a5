"""The board's settings: what an organiser changes while the board runs, and what is set by default.

The environment keeps what an operator sets at deployment. It also gives the defaults of DOWNVOTES,
SELF_VOTES and MIN_DOWNVOTE_AGE.
"""

from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from app.settings import Settings

Registration = Literal["open", "invited", "closed"]
Tallies = Literal["public", "after_voting", "after_reveal"]


@dataclass(frozen=True)
class BoardSettings:
    """One state of the settings. Times are in UTC and whole milliseconds; None: no such time.

    `revision` grows with every change. `logo` is the digest of the picture. `accent` None: the green of
    the style sheets. `budget` is how many votes in force an account may have; 0: any number.
    """

    revision: int = 0
    name: str = "Upvote"
    tagline: str = ""
    logo: str | None = None
    accent: str | None = None
    welcome: str = ""
    timezone: str = "UTC"
    registration: Registration = "open"
    private: bool = False
    submit_from: datetime | None = None
    submit_until: datetime | None = None
    vote_from: datetime | None = None
    vote_until: datetime | None = None
    tallies: Tallies = "public"
    revealed_at: datetime | None = None
    downvotes: bool = True
    self_votes: bool = True
    min_downvote_age: int = 0
    budget: int = 0

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    @property
    def can_be_revealed(self) -> bool:
        """Whether the tallies are secret until an admin reveals them."""
        return self.tallies == "after_reveal" and self.revealed_at is None

    @property
    def submitting_end(self) -> datetime | None:
        """When authors can no longer change projects: at the end of voting at the latest."""
        return min(filter(None, (self.submit_until, self.vote_until)), default=None)


# What an organiser may set, in the order in which it is shown. `logo` is uploaded, and `revealed_at` is
# set by revealing.
KEYS = tuple(
    field.name
    for field in fields(BoardSettings)
    if field.name not in ("revision", "logo", "revealed_at")
)
TIMES = ("submit_from", "submit_until", "vote_from", "vote_until")


def defaults_of(settings: Settings) -> BoardSettings:
    """Return the settings of a board on which nobody has set anything."""
    return BoardSettings(
        downvotes=settings.downvotes,
        self_votes=settings.self_votes,
        min_downvote_age=settings.min_downvote_age,
    )


def with_stored(defaults: BoardSettings, stored: dict[str, Any]) -> BoardSettings:
    """Return the defaults with the values that are stored; None stands for the default."""
    return replace(defaults, **{key: value for key, value in stored.items() if value is not None})
