"""The rows that the verification reads from PostgreSQL."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class SyncedTally:
    """A project's tally in `projects`, its closed state, and the state last published to Redis."""

    project_id: int
    up: int
    down: int
    version: int
    closed: int
    closed_published: int


@dataclass(frozen=True)
class StoredProject:
    """The persisted events and votes of a project.

    `head` is the version of its last persisted event according to vote_heads, `last_version` according
    to the event log. `up` and `down` are the votes counted at the version of the synced tally.
    `in_epoch`: that last event belongs to the current epoch of Redis; the worker syncs changes of
    earlier epochs.
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
    """The first of `count` events of a project at which its log has the same kind of defect."""

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


@dataclass(frozen=True)
class LateVotes:
    """The `count` votes on a project of accounts whose votes were withdrawn; `user_id` is one."""

    project_id: int
    count: int
    user_id: int
    since: datetime
    until: datetime
