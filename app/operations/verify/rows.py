"""The rows that the audit reads from PostgreSQL."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Synced:
    """A project's tally in `projects`; whether it is closed, and what Redis was told of that."""

    project_id: int
    up: int
    down: int
    version: int
    closed: int
    closed_told: int


@dataclass(frozen=True)
class Ledger:
    """What PostgreSQL holds of a project besides.

    `head` is the version of its last persisted event as vote_heads has it, `last_version` as the
    events have it; `up` and `down` are the votes counted as of the version of the synced tally.
    `in_epoch`: Redis knows of that last event; of earlier epochs' changes the worker takes care.
    """

    project_id: int
    head: int
    in_epoch: bool
    events: int
    last_version: int
    last_at: datetime | None
    votes: int
    up: int
    down: int


@dataclass(frozen=True)
class BrokenLog:
    """The first of `count` events of a project at which its log is broken in one way."""

    project_id: int
    kind: str
    count: int
    version: int
    version_before: int
    user_id: int
    old_value: int
    held: int
    since: datetime | None
    until: datetime


@dataclass(frozen=True)
class WrongVote:
    """The first of `count` votes of a project that differ from the replay of its events."""

    project_id: int
    count: int
    user_id: int
    value: int
    replayed: int
    since: datetime
    until: datetime
