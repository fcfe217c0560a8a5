"""Verifies the whole board, one chunk of projects at a time."""

import asyncio
from collections.abc import Sequence

from tqdm import tqdm

from app.operations.retention.queries import select_dropped_events
from app.operations.verify import queries
from app.operations.verify.chunks import chunks
from app.operations.verify.findings import EXPLAINED, DroppedEvents, Finding, Report
from app.operations.verify.snapshot import take_snapshot
from app.services import Services

# Counting a large project's events takes long; a statement that exceeds this time (s) is cancelled.
QUERY_SECONDS = 600.0
# A difference counts if it is seen again after each of these waits (s), in total two persist intervals.
RECHECK_WAITS = (0.3, 0.7, 1.3)


async def verify(
    services: Services, project_ids: Sequence[int] | None = None, *, show_progress: bool = False
) -> Report:
    """Compare events, votes, tallies and Redis of all projects, or of the given ones.

    Changes nothing. Raises VotesUnavailable or a PostgreSQL error if a server is away.
    """
    await services.functions.ping()  # detects an emptied Redis, which would look like differences
    total = len(project_ids) if project_ids is not None else await queries.count_projects(services.db)
    snapshots, suspects = [], []
    with tqdm(
        total=total, desc="Verify", unit="project", disable=None if show_progress else True
    ) as progress:
        async for chunk in chunks(services.db, project_ids):
            snapshot = await take_snapshot(services, chunk)
            suspects += snapshot.findings
            snapshots.append(snapshot)
            progress.update(len(chunk))
    dropped = await select_dropped_events(services.db)
    return Report(
        await recheck(services, [finding for finding in suspects if finding.kind not in EXPLAINED]),
        [finding for finding in suspects if finding.kind in EXPLAINED],
        await queries.select_loss_windows(services.db),
        events=sum(snapshot.events for snapshot in snapshots),
        votes=sum(snapshot.votes for snapshot in snapshots),
        projects=sum(snapshot.projects for snapshot in snapshots),
        cached=sum(snapshot.cached for snapshot in snapshots),
        dropped=DroppedEvents(*dropped) if dropped else None,
    )


async def recheck(services: Services, suspects: Sequence[Finding]) -> Sequence[Finding]:
    """Return the suspects that persist; events that were on their way have arrived by then."""
    for wait in RECHECK_WAITS:
        if not suspects:
            break
        await asyncio.sleep(wait)
        suspects = await _still_there(services, suspects)
    return suspects


async def _still_there(services: Services, suspects: Sequence[Finding]) -> list[Finding]:
    seen = {(finding.project_id, finding.kind) for finding in suspects}
    findings: list[Finding] = []
    async for chunk in chunks(services.db, sorted({project_id for project_id, _ in seen})):
        findings += (await take_snapshot(services, chunk)).findings
    return [finding for finding in findings if (finding.project_id, finding.kind) in seen]
