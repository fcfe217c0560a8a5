"""Builds the findings: compares what was read, and puts each difference into words."""

from collections.abc import Iterable

from app.operations.retention.queries import WrongBase
from app.operations.verify.findings import Finding, Kind
from app.operations.verify.redis_state import CachedProject
from app.operations.verify.rows import BrokenLog, LateVotes, StoredProject, SyncedTally, WrongVote
from app.voting.events import Event


def broken_log(row: BrokenLog) -> Finding:
    """Describe a gap, a duplicate, or an event that does not fit the ones before it."""
    kind = Kind(row.kind)
    if kind is Kind.DUPLICATE:
        text = f"version {row.version} appears twice in the event log"
    elif kind is Kind.MISMATCH:
        text = (
            f"the event of version {row.version} has {row.old_value} as the old vote of user "
            f"{row.user_id}, but the events before it lead to {row.held}"
        )
    elif kind is Kind.LOST:  # their number is unknown: a new epoch starts at a much higher version
        text = f"events after version {row.version_before} may have been lost with Redis"
    else:
        where = "in vote_events_rejected" if kind is Kind.REJECTED else "missing from the event log"
        text = _missing(row.version_before + 1, row.version - 1, where)
    return Finding(row.project_id, kind, text, row.since, row.until, row.count)


def wrong_vote(row: WrongVote, confirmed_by: str) -> Finding:
    """Describe a row of `votes` that differs from its events; `confirmed_by` agrees with the row."""
    state = f"has {row.value}" if row.value else "has no row"
    text = f"user {row.user_id} {state} in votes, but the events lead to {row.replayed}"
    return Finding(row.project_id, Kind.VOTES, text, row.since, row.until, row.count, confirmed_by)


def late_votes(row: LateVotes) -> Finding:
    """Describe a vote of an account that is deleted or suspended, and whose votes were withdrawn."""
    text = f"user {row.user_id} has a vote, but all votes of this account were withdrawn before"
    return Finding(row.project_id, Kind.WITHDRAWN, text, row.since, row.until, row.count)


def wrong_base(row: WrongBase) -> Finding:
    """Describe votes older than the event log that do not add up to the tally in `vote_bases`."""
    text = (
        f"the votes from before its event log begins are {_tally(row.found_up, row.found_down)}, "
        f"but should be {_tally(row.up, row.down)}"
    )
    return Finding(row.project_id, Kind.BASE, text, row.last_at)


def compare_head(row: StoredProject) -> list[Finding]:
    """Compare the last version in the event log with the one in vote_heads."""
    if row.head > row.last_version:
        text = f"the event log ends at version {row.last_version}, but version {row.head} was persisted"
        return [Finding(row.project_id, Kind.TRUNCATED, text, row.last_at)]
    if row.head < row.last_version:
        text = f"vote_heads has version {row.head}, but the last event has {row.last_version}"
        return [Finding(row.project_id, Kind.HEAD, text, row.last_at)]
    return []


def compare_tally(
    synced: SyncedTally, row: StoredProject, unpersisted: Iterable[Event]
) -> list[Finding]:
    """Compare the tally in `projects` with the votes, plus unpersisted events up to its version."""
    ahead = [event for event in unpersisted if row.head < event.version <= synced.version]
    up = row.up + sum((e.new_value == 1) - (e.old_value == 1) for e in ahead)
    down = row.down + sum((e.new_value == -1) - (e.old_value == -1) for e in ahead)
    if (synced.up, synced.down) == (up, down):
        return []
    text = (
        f"projects has {_tally(synced.up, synced.down)} at version {synced.version}, "
        f"but the votes are {_tally(up, down)}"
    )
    return [Finding(row.project_id, Kind.TALLY, text, row.last_at)]


def compare_redis(
    row: StoredProject, cached: CachedProject, expected: dict[int, int], voted_since: set[int]
) -> list[Finding]:
    """Compare a cached project's tally with its votes in Redis, and those with the expected votes.

    The users in `voted_since` voted after Redis was read, so their votes count as expected.
    """
    findings = []
    votes = cached.votes | {user: expected.get(user, 0) for user in voted_since}
    counted = _count(votes, 1), _count(votes, -1)
    if (cached.up, cached.down) != counted:
        text = (
            f"the tally in Redis is {_tally(cached.up, cached.down)}, "
            f"but its votes are {_tally(*counted)}"
        )
        findings.append(Finding(row.project_id, Kind.REDIS_TALLY, text, row.last_at))
    wrong = [u for u in votes.keys() | expected if votes.get(u, 0) != expected.get(u, 0)]
    if wrong:
        user = min(wrong)
        text = (
            f"user {user} has {votes.get(user, 0)} in Redis, "
            f"but {expected.get(user, 0)} in PostgreSQL and the stream"
        )
        findings.append(Finding(row.project_id, Kind.REDIS_VOTES, text, row.last_at, count=len(wrong)))
    return findings


def compare_closed(synced: SyncedTally, cached: CachedProject) -> list[Finding]:
    """Compare the closed state in Redis with PostgreSQL, unless it is still to be published."""
    if cached.closed == synced.closed or synced.closed != synced.closed_published:
        return []
    text = f"it is {_state(cached.closed)} in Redis, but {_state(synced.closed)} in PostgreSQL"
    return [Finding(synced.project_id, Kind.REDIS_CLOSED, text)]


def unsynced_tally(synced: SyncedTally, row: StoredProject) -> Finding:
    """Describe a tally in `projects` that is behind and that no sync will update."""
    text = (
        f"projects is at version {synced.version} and the votes are at {row.head}, "
        "but no sync is pending"
    )
    return Finding(row.project_id, Kind.UNSYNCED, text, row.last_at)


def outdated_redis(row: StoredProject, version: int) -> Finding:
    """Describe a tally in Redis that is older than PostgreSQL, and would use versions again."""
    text = f"Redis is at version {version}, but PostgreSQL is at {row.head}"
    return Finding(row.project_id, Kind.REDIS_VERSION, text, row.last_at)


def _state(closed: int) -> str:
    return ("open", "locked", "gone")[closed]


def _missing(first: int, last: int, where: str) -> str:
    if first == last:
        return f"version {first} is {where}"
    return f"versions {first} to {last} are {where}"


def _tally(up: int, down: int) -> str:
    return f"{up} up, {down} down"


def _count(votes: dict[int, int], value: int) -> int:
    return sum(vote == value for vote in votes.values())
