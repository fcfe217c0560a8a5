"""Repairs one project: first `votes` and `vote_heads`, then Redis, then its tally.

`votes` and `vote_heads` are repaired from the events, provided that the log is complete and no other
source contradicts it. Redis is repaired from PostgreSQL, and the tally in `projects` from `votes`.
Every step can be repeated, and leaves the board correct even if the next step never runs.
"""

from collections.abc import Iterable

import structlog

from app.accounts.withdrawals import withdraw_late_votes
from app.operations.repair import queries
from app.operations.verify.findings import IN_REDIS, Finding, Kind
from app.operations.verify.snapshot import take_snapshot
from app.services import Services
from app.voting import closing, keys, persist

log = structlog.get_logger()

BROKEN_LOG = frozenset({Kind.GAP, Kind.DUPLICATE, Kind.MISMATCH})
# These differences are repaired from `votes`.
FROM_VOTES = IN_REDIS | {Kind.TALLY, Kind.UNSYNCED}
# A vote that arrives during an attempt makes it fail; a busy project gets this many attempts.
MAX_ATTEMPTS = 20


def unrepairable_reason(finding: Finding, findings: Iterable[Finding]) -> str | None:
    """Return why a finding cannot be repaired, or None. `findings` are all findings of its project."""
    kinds = {other.kind for other in findings}
    if finding.kind in BROKEN_LOG:
        return "the event log is never rewritten"
    if finding.kind is Kind.TRUNCATED and Kind.VOTES in kinds:
        return "the end of the event log is missing"
    if finding.kind is Kind.VOTES and kinds & (BROKEN_LOG | {Kind.TRUNCATED}):
        return "the event log is damaged, so votes is left unchanged"
    if finding.kind is Kind.BASE:
        return "the events that these votes came from were dropped (EVENTS_RETENTION)"
    if Kind.BASE in kinds and finding.kind in FROM_VOTES:
        return "some of the project's votes are wrong, and it is unknown which"
    if finding.confirmed_by:
        return f"{finding.confirmed_by} agrees with votes, so an event was altered, added or removed"
    if finding.kind is Kind.HEAD and kinds & BROKEN_LOG:
        return "the event log is damaged, so vote_heads is left unchanged"
    return None


async def repair_project(services: Services, project_id: int, findings: Iterable[Finding]) -> None:
    """Repair the findings of a project that can be repaired.

    A snapshot after the repair of `votes` and `vote_heads` shows which later steps are still needed.
    """
    kinds = {finding.kind for finding in findings if unrepairable_reason(finding, findings) is None}
    if Kind.VOTES in kinds:
        await _repair_votes(services, project_id)
    if kinds & {Kind.HEAD, Kind.TRUNCATED}:
        await _repair_head(services, project_id)
    if Kind.WITHDRAWN in kinds:
        await _withdraw_late_votes(services, project_id)
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
        log.warning("published a closed state to Redis again", project=project_id)


async def _repair_votes(services: Services, project_id: int) -> None:
    """Write the replayed votes; the lock on the checkpoint keeps out a persist in between."""
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


async def _withdraw_late_votes(services: Services, project_id: int) -> None:
    """Withdraw the votes through the vote function, with events in the event log."""
    for user_id in await withdraw_late_votes(services, project_id):
        log.warning("withdrew a vote of an ended account", project=project_id, user=user_id)
    shard = keys.shard_of(project_id, services.settings.vote_shards)
    await persist.persist_events(services.redis, services.db, shard)


async def _repair_redis(services: Services, project_id: int) -> None:
    """Remove the project from Redis once all its events are persisted; it hydrates from PostgreSQL."""
    shard = keys.shard_of(project_id, services.settings.vote_shards)
    for _ in range(MAX_ATTEMPTS):
        state = (await services.functions.read([project_id])).get(project_id)
        if state is None:
            return
        await persist.persist_events(services.redis, services.db, shard)
        if await services.functions.discard(project_id, state.tally.version):
            log.warning(
                "removed a project from Redis", project=project_id, old=tuple(state.tally), new=None
            )
            return


async def _repair_tally(services: Services, project_id: int) -> None:
    shard = keys.shard_of(project_id, services.settings.vote_shards)
    for _ in range(MAX_ATTEMPTS):
        seen = await queries.select_synced_version(services.db, project_id)
        await persist.persist_events(services.redis, services.db, shard)
        change = await queries.update_tally_from_votes(services.db, project_id, seen)
        if change is not None:
            if change.old != change.new:
                log.warning("tally repaired", project=project_id, old=change.old, new=change.new)
            return
