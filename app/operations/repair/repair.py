"""Mend one project, from the truth outwards: events, then votes, then Redis, then its tally.

Events are the truth for `votes` and `vote_heads`, as long as the log is whole and nothing else speaks
against it; PostgreSQL is the truth for Redis, votes for the tally in `projects`. Every step may be
repeated, and leaves the board right if the next one never comes.
"""

from collections.abc import Iterable

import structlog

from app.operations.repair import queries
from app.operations.verify.findings import IN_REDIS, Finding, Kind
from app.operations.verify.snapshot import take_snapshot
from app.services import Services
from app.voting import closing, keys, persist

log = structlog.get_logger()

BROKEN_LOG = frozenset({Kind.GAP, Kind.DUPLICATE, Kind.MISFIT})
# What is repaired from `votes`.
FROM_VOTES = IN_REDIS | {Kind.TALLY, Kind.UNSYNCED}
# A project that is voted on at this moment may vote_in_line away this often.
TRIES = 20


def unrepairable_reason(finding: Finding, findings: Iterable[Finding]) -> str | None:
    """Why a finding cannot be repaired, given all findings of its project; None when it can."""
    kinds = {other.kind for other in findings}
    if finding.kind in BROKEN_LOG:
        return "the event log is never rewritten"
    if finding.kind is Kind.END and Kind.VOTES in kinds:
        return "the event log has lost its end"
    if finding.kind is Kind.VOTES and kinds & (BROKEN_LOG | {Kind.END}):
        return "the event log is not whole, so votes is left as it is"
    if finding.kind is Kind.BASE:
        return "the events that these votes came from were dropped (EVENTS_RETENTION)"
    if Kind.BASE in kinds and finding.kind in FROM_VOTES:
        return "some of the project's votes are wrong, and nothing says which"
    if finding.witness:
        return f"{finding.witness} agrees with votes, so an event was altered, added or removed"
    if finding.kind is Kind.HEAD and kinds & BROKEN_LOG:
        return "the event log is not whole, so vote_heads is left as it is"
    return None


async def repair_project(services: Services, project_id: int, findings: Iterable[Finding]) -> None:
    """Mend what can be repaired of a project's findings; look again to see what that left."""
    kinds = {finding.kind for finding in findings if unrepairable_reason(finding, findings) is None}
    if Kind.VOTES in kinds:
        await _repair_votes(services, project_id)
    if kinds & {Kind.HEAD, Kind.END}:
        await _repair_head(services, project_id)
    left = {finding.kind for finding in (await take_snapshot(services, [project_id])).findings}
    if Kind.BASE in left:
        return
    if left & IN_REDIS:
        await _repair_redis(services, project_id)
    if left & FROM_VOTES:
        await _repair_tally(services, project_id)
    if Kind.REDIS_CLOSED in left and await closing.publish_closed(
        services.db, services.functions, project_id
    ):
        log.warning("told Redis again whether a project is closed", project=project_id)


async def _repair_votes(services: Services, project_id: int) -> None:
    """Under the lock of the checkpoint, so that no persist comes between events and votes."""
    shard = keys.shard_of(project_id, services.settings.vote_shards)
    async with services.db.acquire() as db, db.transaction():
        await persist.lock_checkpoint(db, shard)
        repaired = await queries.update_votes_from_events(db, project_id)
    for vote in repaired:
        log.warning("vote repaired", project=project_id, user=vote.user_id, old=vote.old, new=vote.new)


async def _repair_head(services: Services, project_id: int) -> None:
    shard = keys.shard_of(project_id, services.settings.vote_shards)
    async with services.db.acquire() as db, db.transaction():
        await persist.lock_checkpoint(db, shard)
        change = await queries.update_head_from_events(db, project_id)
    log.warning("head repaired", project=project_id, old=change.old, new=change.new)


async def _repair_redis(services: Services, project_id: int) -> None:
    """Make the project cold as soon as all its events are in PostgreSQL: it hydrates from there."""
    shard = keys.shard_of(project_id, services.settings.vote_shards)
    for _ in range(TRIES):
        standing = (await services.functions.read([project_id])).get(project_id)
        if standing is None:
            return
        await persist.persist_events(services.redis, services.db, shard)
        if await services.functions.discard(project_id, standing.tally.version):
            log.warning("project made cold", project=project_id, old=tuple(standing.tally), new=None)
            return


async def _repair_tally(services: Services, project_id: int) -> None:
    shard = keys.shard_of(project_id, services.settings.vote_shards)
    for _ in range(TRIES):
        seen = await queries.select_synced_version(services.db, project_id)
        await persist.persist_events(services.redis, services.db, shard)
        change = await queries.update_tally_from_votes(services.db, project_id, seen)
        if change is not None:
            if change.old != change.new:
                log.warning("tally repaired", project=project_id, old=change.old, new=change.new)
            return
