"""What a difference is, and how it is put into words."""

from collections.abc import Iterable

from app.operations.retention.queries import WrongBase
from app.operations.verify.findings import Finding, Kind
from app.operations.verify.redis_state import CachedProject
from app.operations.verify.rows import BrokenLog, Ledger, Synced, WrongVote
from app.voting.events import Event


def log(row: BrokenLog) -> Finding:
    """A gap, a duplicate, or an event that does not fit what was before it."""
    kind = Kind(row.kind)
    if kind is Kind.DUPLICATE:
        text = f"version {row.version} is twice in the event log"
    elif kind is Kind.MISFIT:
        text = (
            f"the event of version {row.version} says that user {row.user_id} held "
            f"{row.old_value}, but the events before it lead to {row.held}"
        )
    elif kind is Kind.LOST:  # how many there were is not known: a new epoch leaps ahead
        text = f"events after version {row.version_before} may have been lost with Redis"
    else:
        where = "in vote_events_rejected" if kind is Kind.REJECTED else "missing from the event log"
        text = _missing(row.version_before + 1, row.version - 1, where)
    return Finding(row.project_id, kind, text, row.since, row.until, row.count)


def votes(row: WrongVote, witness: str) -> Finding:
    """A row of `votes` that the events do not lead to; `witness` agrees with the row."""
    state = f"has {row.value}" if row.value else "has no row"
    text = f"user {row.user_id} {state} in votes, but the events lead to {row.replayed}"
    return Finding(row.project_id, Kind.VOTES, text, row.since, row.until, row.count, witness)


def base(row: WrongBase) -> Finding:
    """Votes from before the log begins that are too few, too many or others."""
    text = (
        f"the votes from before its event log begins are {_tally(row.found_up, row.found_down)}, "
        f"but were {_tally(row.up, row.down)}"
    )
    return Finding(row.project_id, Kind.BASE, text, row.last_at)


def head(row: Ledger) -> list[Finding]:
    """Where the event log ends, by the log itself and by vote_heads."""
    if row.head > row.last_version:
        text = f"the event log ends at version {row.last_version}, but {row.head} was persisted"
        return [Finding(row.project_id, Kind.END, text, row.last_at)]
    if row.head < row.last_version:
        text = f"vote_heads has version {row.head}, but the last event has {row.last_version}"
        return [Finding(row.project_id, Kind.HEAD, text, row.last_at)]
    return []


def tally(synced: Synced, row: Ledger, waiting: Iterable[Event]) -> list[Finding]:
    """The tally in `projects`, against the votes and what is to be persisted up to its version."""
    ahead = [event for event in waiting if row.head < event.version <= synced.version]
    up = row.up + sum((e.new_value == 1) - (e.old_value == 1) for e in ahead)
    down = row.down + sum((e.new_value == -1) - (e.old_value == -1) for e in ahead)
    if (synced.up, synced.down) == (up, down):
        return []
    text = (
        f"projects has {_tally(synced.up, synced.down)} at version {synced.version}, "
        f"but the votes are {_tally(up, down)}"
    )
    return [Finding(row.project_id, Kind.TALLY, text, row.last_at)]


def redis(
    row: Ledger, cached: CachedProject, expected: dict[int, int], unsettled: set[int]
) -> list[Finding]:
    """Compare a cached project with its own votes and with those it should have.

    `unsettled` users have voted since Redis was read, so their votes are taken as expected.
    """
    findings = []
    votes = cached.votes | {user: expected.get(user, 0) for user in unsettled}
    counted = _count(votes, 1), _count(votes, -1)
    if (cached.up, cached.down) != counted:
        text = f"the tally in Redis is {_tally(cached.up, cached.down)}, but its votes are {_tally(*counted)}"
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


def closed(synced: Synced, cached: CachedProject) -> list[Finding]:
    """Whether a cached project takes votes, unless Redis is still to be told."""
    if cached.closed == synced.closed or synced.closed != synced.closed_told:
        return []
    text = f"it is {_state(cached.closed)} in Redis, but {_state(synced.closed)} in PostgreSQL"
    return [Finding(synced.project_id, Kind.REDIS_CLOSED, text)]


def unsynced(synced: Synced, row: Ledger) -> Finding:
    """A tally that will not become current by itself."""
    text = (
        f"projects is at version {synced.version}, the votes are at {row.head}, "
        "and no change waits for a sync"
    )
    return Finding(row.project_id, Kind.UNSYNCED, text, row.last_at)


def older(row: Ledger, version: int) -> Finding:
    """A tally in Redis that would number events again."""
    text = f"Redis is at version {version}, but {row.head} is in PostgreSQL"
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
