"""What an audit finds: one finding a project and kind of difference, one line each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    """The kinds of difference; the first four are those of the event log itself.

    BASE: votes whose events were dropped are not as many as they were then.
    """

    GAP = "gap"
    DUPLICATE = "duplicate"
    MISFIT = "misfit"
    END = "end"
    HEAD = "head"
    VOTES = "votes"
    BASE = "base"
    TALLY = "tally"
    UNSYNCED = "unsynced"
    REDIS_TALLY = "redis tally"
    REDIS_VOTES = "redis votes"
    REDIS_VERSION = "redis version"
    REDIS_CLOSED = "redis closed"
    LOST = "lost"
    REJECTED = "rejected"


# Versions that are missing for a known reason are worth a note; they are not drift.
EXPLAINED = frozenset({Kind.LOST, Kind.REJECTED})
IN_REDIS = frozenset({Kind.REDIS_TALLY, Kind.REDIS_VOTES, Kind.REDIS_VERSION})


@dataclass(frozen=True)
class Finding:
    """A difference: `text` says what differs, first case first; `count` is how many cases there are.

    `witness` is what agrees with `votes` where the event log does not; "" when nothing does.
    """

    project_id: int
    kind: Kind
    text: str
    since: datetime | None = None
    until: datetime | None = None
    count: int = 1
    witness: str = ""

    def __str__(self) -> str:
        more = f" and {self.count - 1} more like it" if self.count > 1 else ""
        return f"project {self.project_id}: {self.text}{more} ({window(self.since, self.until)})"


@dataclass(frozen=True)
class LossWindow:
    """Redis was found without votes that it had acknowledged between the two times."""

    shard: int
    reason: str
    lost_from: datetime
    started_at: datetime

    def __str__(self) -> str:
        return (
            f"shard {self.shard}: Redis was found {self.reason}; "
            f"acknowledged votes may be missing ({window(self.lost_from, self.started_at)})"
        )


@dataclass(frozen=True)
class Beginning:
    """Old events were dropped, as EVENTS_RETENTION asks: the last of them at `at`."""

    at: datetime
    projects: int

    def __str__(self) -> str:
        return (
            f"events of {self.projects} projects up to {_time(self.at)} were dropped "
            "(EVENTS_RETENTION): votes from then are proved by their number in each project, "
            "and not one by one"
        )


@dataclass(frozen=True)
class Report:
    """What was compared, and what came out. `notes` are explained and no drift."""

    findings: Sequence[Finding]
    notes: Sequence[Finding]
    windows: Sequence[LossWindow]
    events: int
    votes: int
    projects: int
    cached: int
    beginning: Beginning | None = None

    @property
    def drift(self) -> int:
        """How many differences there are."""
        return sum(finding.count for finding in self.findings)

    def __str__(self) -> str:
        looked = (
            f"verified {self.events} events, {self.votes} votes, "
            f"{self.projects} projects, {self.cached} cached"
        )
        return f"{looked}: {differences(self.drift) if self.drift else 'all agree'}"


def differences(count: int) -> str:
    return "1 difference" if count == 1 else f"{count} differences"


def window(since: datetime | None, until: datetime | None) -> str:
    """The time window of a finding, in UTC to the millisecond."""
    if since is None:
        return "at any time" if until is None else f"before {_time(until)}"
    if since == until:
        return f"at {_time(since)}"
    return f"since {_time(since)}" if until is None else f"between {_time(since)} and {_time(until)}"


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
