"""The report of a verification: one finding for each project and kind of difference."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    """The kinds of difference; the first four are defects of the event log itself.

    WITHDRAWN: a vote of a deleted or suspended account, cast after all its votes were withdrawn.
    BASE: the votes whose events were dropped no longer add up to the tally stored at that time.
    """

    GAP = "gap"
    DUPLICATE = "duplicate"
    MISMATCH = "mismatch"
    TRUNCATED = "truncated"
    HEAD = "head"
    VOTES = "votes"
    BASE = "base"
    TALLY = "tally"
    UNSYNCED = "unsynced"
    REDIS_TALLY = "redis tally"
    REDIS_VOTES = "redis votes"
    REDIS_VERSION = "redis version"
    REDIS_CLOSED = "redis closed"
    WITHDRAWN = "withdrawn"
    LOST = "lost"
    REJECTED = "rejected"


# Versions that are missing for a known reason are reported as a note and not as a difference.
EXPLAINED = frozenset({Kind.LOST, Kind.REJECTED})
IN_REDIS = frozenset({Kind.REDIS_TALLY, Kind.REDIS_VOTES, Kind.REDIS_VERSION})


@dataclass(frozen=True)
class Finding:
    """A difference: `text` describes the first case, `count` is the number of cases.

    `confirmed_by` names the source that agrees with `votes` against the event log; "" if none does.
    """

    project_id: int
    kind: Kind
    text: str
    since: datetime | None = None
    until: datetime | None = None
    count: int = 1
    confirmed_by: str = ""

    def __str__(self) -> str:
        more = f", and {self.count - 1} more like it" if self.count > 1 else ""
        return f"project {self.project_id}: {self.text}{more} ({window(self.since, self.until)})"


@dataclass(frozen=True)
class LossWindow:
    """A time window of which Redis or PostgreSQL lacked acknowledged votes when it came back.

    `is_complete`: all of them were found in the other one.
    """

    shard: int
    reason: str
    lost_from: datetime
    started_at: datetime
    is_complete: bool

    def __str__(self) -> str:
        found = FOUND.get(self.reason, f"Redis was found {self.reason}")
        missing = "no acknowledged vote is" if self.is_complete else "acknowledged votes may be"
        when = window(self.lost_from, self.started_at)
        return f"shard {self.shard}: {found}; {missing} missing ({when})"


FOUND = {
    "rewound": "PostgreSQL was older than Redis and was written again from it",
    "diverged": "Redis came back after another one had been in use",
    "merged": "events that had been set aside were taken in",
}


@dataclass(frozen=True)
class SetAside:
    """Events of another Redis that wait to be taken in."""

    shard: int
    epoch: str
    foreign: bool
    count: int
    since: datetime
    until: datetime

    def __str__(self) -> str:
        events = "1 event" if self.count == 1 else f"{self.count} events"
        do = (
            "its epoch is unknown here: upvote recover --foreign takes them in, --dismiss does not"
            if self.foreign
            else "the worker takes them in within a second"
        )
        return (
            f"shard {self.shard}: {events} of epoch {self.epoch} ({window(self.since, self.until)}) "
            f"are set aside; {do}"
        )


@dataclass(frozen=True)
class DroppedEvents:
    """The events that EVENTS_RETENTION has dropped: the last one's time, and their projects."""

    last_at: datetime
    projects: int

    def __str__(self) -> str:
        return (
            f"events of {self.projects} projects up to {_time(self.last_at)} were dropped "
            "(EVENTS_RETENTION): of the votes from then, only their number in each project is verified"
        )


@dataclass(frozen=True)
class Report:
    """The result of a verification: the differences, the notes, and how much was compared."""

    findings: Sequence[Finding]
    notes: Sequence[Finding]
    windows: Sequence[LossWindow]
    events: int
    votes: int
    projects: int
    cached: int
    dropped: DroppedEvents | None = None
    set_aside: Sequence[SetAside] = ()
    uncompared: Mapping[int, str] = field(default_factory=dict)

    @property
    def difference_count(self) -> int:
        """Return the number of differences, counting every case of a finding."""
        return sum(finding.count for finding in self.findings)

    def __str__(self) -> str:
        compared = (
            f"verified {self.events} events, {self.votes} votes, "
            f"{self.projects} projects, {self.cached} cached"
        )
        count = self.difference_count
        return f"{compared}: {differences_text(count) if count else 'all agree'}"


def differences_text(count: int) -> str:
    return "1 difference" if count == 1 else f"{count} differences"


def window(since: datetime | None, until: datetime | None) -> str:
    """Return the time window of a finding in words, in UTC to the millisecond."""
    if since is None:
        return "at an unknown time" if until is None else f"before {_time(until)}"
    if since == until:
        return f"at {_time(since)}"
    return f"since {_time(since)}" if until is None else f"between {_time(since)} and {_time(until)}"


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
