"""Verifies the whole board, one chunk of projects at a time."""

import asyncio
from collections.abc import Container, Sequence

from tqdm import tqdm

from app.errors import VotesUnavailable
from app.operations.retention.queries import select_dropped_events
from app.operations.verify import queries
from app.operations.verify.chunks import chunks
from app.operations.verify.findings import EXPLAINED, DroppedEvents, Finding, Report
from app.operations.verify.snapshot import take_snapshot
from app.pace import paced
from app.services import Services

# Counting a large project's events takes long; a statement that exceeds this time (s) is cancelled.
QUERY_SECONDS = 600.0
# A difference counts if it is seen again after each of these waits (s), in total two persist intervals.
RECHECK_WAITS = (0.3, 0.7, 1.3)
# With these reasons, PostgreSQL lacks events that Redis has.
MENDED_BY_WORKER = ("rewound", "diverged")


async def verify(
    services: Services,
    project_ids: Sequence[int] | None = None,
    *,
    show_progress: bool = False,
    change_nothing: bool = False,
) -> Report:
    """Compare events, votes, tallies and Redis of all projects, or of the given ones.

    An emptied or replaced Redis would look like differences, so a new epoch begins first, unless
    `change_nothing`. Raises VotesUnavailable or a PostgreSQL error if a server is away.
    """
    if change_nothing:
        uncompared = await reasons_to_compare(services)
    else:
        await services.functions.ping()
        uncompared = {}
    total = len(project_ids) if project_ids is not None else await queries.count_projects(services.db)
    snapshots, suspects = [], []
    with tqdm(
        total=total, desc="Verify", unit="project", disable=None if show_progress else True
    ) as progress:
        async for chunk in chunks(services.db, project_ids):
            async with paced():
                snapshot = await take_snapshot(services, chunk, uncompared)
            suspects += snapshot.findings
            snapshots.append(snapshot)
            progress.update(len(chunk))
    dropped = await select_dropped_events(services.db)
    return Report(
        await recheck(
            services, [finding for finding in suspects if finding.kind not in EXPLAINED], uncompared
        ),
        [finding for finding in suspects if finding.kind in EXPLAINED],
        await queries.select_loss_windows(services.db),
        events=sum(snapshot.events for snapshot in snapshots),
        votes=sum(snapshot.votes for snapshot in snapshots),
        projects=sum(snapshot.projects for snapshot in snapshots),
        cached=sum(snapshot.cached for snapshot in snapshots),
        dropped=DroppedEvents(*dropped) if dropped else None,
        set_aside=await queries.select_set_aside(services.db),
        uncompared=uncompared,
    )


async def reasons_to_compare(services: Services) -> dict[int, str]:
    """Return shard -> why Redis and PostgreSQL do not go together; the next vote sets that right.

    Raises VotesUnavailable if PostgreSQL lacks what Redis has. The worker writes it within a second.
    """
    reasons = {}
    for shard in range(services.settings.vote_shards):
        for wait in (*RECHECK_WAITS, 0):
            reason = await services.functions.reason_to_compare(shard)
            if reason not in MENDED_BY_WORKER:
                break
            await asyncio.sleep(wait)
        else:
            raise VotesUnavailable(f"Redis was found {reason}, and no worker has compared it since")
        if reason not in (None, "first") and not await services.functions.is_compared(shard):
            reasons[shard] = reason
    return reasons


async def recheck(
    services: Services, suspects: Sequence[Finding], uncompared: Container[int] = ()
) -> Sequence[Finding]:
    """Return the suspects that persist; events that were on their way have arrived by then."""
    for wait in RECHECK_WAITS:
        if not suspects:
            break
        await asyncio.sleep(wait)
        suspects = await _still_there(services, suspects, uncompared)
    return suspects


async def _still_there(
    services: Services, suspects: Sequence[Finding], uncompared: Container[int]
) -> list[Finding]:
    seen = {(finding.project_id, finding.kind) for finding in suspects}
    findings: list[Finding] = []
    async for chunk in chunks(services.db, sorted({project_id for project_id, _ in seen})):
        findings += (await take_snapshot(services, chunk, uncompared)).findings
    return [finding for finding in findings if (finding.project_id, finding.kind) in seen]
