"""One look at a chunk of projects, while the board runs.

First the synced tallies are read, then Redis, then the streams, then PostgreSQL in one snapshot. So
every event up to the versions that were read at first is either in the stream or in PostgreSQL, and
the two together can be brought to exactly these versions: what PostgreSQL lacks is taken from the
stream, what it has on top is undone. Nothing has to stand still, and what is merely on its way does
not look like drift.
"""

from collections import defaultdict
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass

from asyncpg import Connection

from app.operations.retention import queries as retention
from app.operations.verify import differences, queries
from app.operations.verify.findings import Finding, Kind
from app.operations.verify.redis_state import HotProject, HotState
from app.operations.verify.rows import Ledger, Synced
from app.services import Services
from app.voting.events import Event

CHUNK = 5_000  # rows of votes on their way from PostgreSQL


@dataclass(frozen=True)
class Sight:
    """What one look has seen. Among the findings are suspects that a second look clears."""

    findings: list[Finding]
    events: int
    votes: int
    projects: int
    hot: int


async def look(services: Services, project_ids: Sequence[int]) -> Sight:
    """Compare everything that is known of the projects."""
    state = HotState(services.redis, services.settings.vote_shards)
    synced = await queries.select_synced(services.db, project_ids)
    hot = await state.projects(project_ids)
    waiting = _by_project(await state.waiting(project_ids))
    async with (
        services.db.acquire() as db,
        db.transaction(isolation="repeatable_read", readonly=True),
    ):
        ledgers = await queries.select_ledgers(db, synced.values(), state.shards)
        broken = await queries.select_broken_logs(db, project_ids)
        wrong = await queries.select_wrong_votes(db, project_ids)
        bases = await retention.select_wrong_bases(db, project_ids)
        expected = await _expected_votes(db, hot, ledgers, waiting)
    findings = [differences.log(row) for row in broken] + [differences.base(row) for row in bases]
    for row in ledgers:
        findings += differences.head(row)
        findings += differences.tally(synced[row.project_id], row, waiting[row.project_id])
        if row.project_id in hot:
            findings += differences.redis(row, hot[row.project_id], expected[row.project_id])
            findings += differences.closed(synced[row.project_id], hot[row.project_id])
    against = {(finding.project_id, finding.kind) for finding in findings}
    findings += [differences.votes(row, _witness(row.project_id, hot, against)) for row in wrong]
    findings += await _unsynced(services, state, ledgers, synced)
    findings += await _older(state, ledgers, hot)
    return Sight(
        sorted(findings, key=lambda finding: finding.project_id),
        sum(ledger.events for ledger in ledgers),
        sum(ledger.votes for ledger in ledgers),
        len(ledgers),
        len(hot),
    )


async def _expected_votes(
    db: Connection,
    hot: dict[int, HotProject],
    ledgers: Iterable[Ledger],
    waiting: dict[int, list[Event]],
) -> dict[int, dict[int, int]]:
    """The votes that each hot project should have at the version at which Redis was read.

    Who has voted since is patched in the project that was read, for there it may be either way.
    """
    expected: dict[int, dict[int, int]] = {project_id: {} for project_id in hot}
    async for rows in queries.select_votes(db, list(hot), CHUNK):
        for project_id, user_id, value in rows:
            expected[project_id][user_id] = value
    since: dict[int, set[int]] = defaultdict(set)
    versions = {project_id: project.version for project_id, project in hot.items()}
    for project_id, user_id, value in await queries.select_old_values_since(db, versions):
        expected[project_id][user_id] = value
        since[project_id].add(user_id)
    for ledger in ledgers:
        if ledger.project_id in hot:
            project = hot[ledger.project_id]
            for event in waiting[ledger.project_id]:
                if event.version > project.version:
                    since[ledger.project_id].add(event.user_id)
                elif event.version > ledger.head:
                    expected[ledger.project_id][event.user_id] = event.new_value
    for project_id, users in since.items():
        for user_id in users:
            hot[project_id].votes[user_id] = expected[project_id].get(user_id, 0)
    return expected


async def _unsynced(
    services: Services, state: HotState, ledgers: Sequence[Ledger], synced: dict[int, Synced]
) -> list[Finding]:
    """Projects whose tally waits for a sync that will not come.

    A mark goes after the tally was written, so where there is none by now, the tally is there by now.
    """
    behind = [row for row in ledgers if row.in_epoch and synced[row.project_id].version < row.head]
    unmarked = await state.unmarked([row.project_id for row in behind])
    now = await queries.select_synced(services.db, list(unmarked))
    return [
        differences.unsynced(now[row.project_id], row)
        for row in behind
        if row.project_id in now and now[row.project_id].version < row.head
    ]


async def _older(
    state: HotState, ledgers: Sequence[Ledger], hot: dict[int, HotProject]
) -> list[Finding]:
    """Projects of which Redis, asked after PostgreSQL, holds a version from before."""
    suspects = [
        row for row in ledgers if row.project_id in hot and row.head > hot[row.project_id].version
    ]
    now = await state.versions([row.project_id for row in suspects])
    return [
        differences.older(row, now[row.project_id])
        for row in suspects
        if row.project_id in now and now[row.project_id] < row.head
    ]


def _witness(project_id: int, hot: Container[int], against: Container[tuple[int, Kind]]) -> str:
    """What agrees with a project's `votes`, where its events do not; "" when nothing does."""
    if project_id in hot:
        return "" if (project_id, Kind.REDIS_VOTES) in against else "Redis"
    return "" if (project_id, Kind.TALLY) in against else "the tally"


def _by_project(events: Iterable[Event]) -> dict[int, list[Event]]:
    found: dict[int, list[Event]] = defaultdict(list)
    for event in events:
        found[event.project_id].append(event)
    return found
