"""Finishes a voting that has ended: its votes are stored, verified, and noted as final."""

from datetime import datetime

import structlog

from app.board.announce import announce_voting
from app.board.queries import select_announced_for_update, select_board_settings
from app.event.queries import (
    select_final,
    select_has_open_withdrawals,
    select_heads,
    upsert_final,
)
from app.logs import line_limit
from app.operations.verify.findings import Report
from app.operations.verify.verify import verify
from app.services import Services
from app.voting.rules import unix_ms
from app.webhooks import RESULTS_FINAL
from app.webhooks.events import write_voting

log = structlog.get_logger()


async def finish_voting(services: Services) -> Report | None:
    """Note that the results are final if voting has ended and everything agrees; safe to repeat.

    Return the verification if there was one, else None: voting has not ended, or the results are final
    already. If a moderator takes votes out afterwards, the next run verifies them anew. Raises
    VotesUnavailable or a PostgreSQL error if a server is away.
    """
    settings = services.board.resolve(await select_board_settings(services.db))
    until = settings.vote_until
    if until is None or services.board.now() < until or await select_final(services.db):
        return None
    if not await _has_ended_in_redis(services, settings.revision, until):
        return None
    await announce_voting(services.board)  # that it has ended, before the results
    while await services.persist_events():
        pass  # after a run that finds none, every vote of the time is in PostgreSQL
    if await select_has_open_withdrawals(services.db):
        return None  # the worker carries them out
    heads = await select_heads(services.db)
    report = await verify(services)
    if report.findings or report.set_aside:
        if line_limit.is_due("votes do not agree"):  # every run finds this until it is repaired
            log.error("voting has ended, but its votes do not agree", summary=str(report))
    elif not await _note_final(services, until, heads):
        log.info("voting has ended, but votes were taken out meanwhile; they are verified again")
    return report


async def may_finish(services: Services) -> bool:
    """Return whether voting has ended, by what this process knows, and the results are not final."""
    until = services.board.settings.vote_until
    return until is not None and services.board.now() >= until and not await select_final(services.db)


async def _note_final(services: Services, until: datetime, heads: int) -> bool:
    """Note that the results are final, and tell webhooks; return False if they are not any more.

    Another worker may have done so while this one verified.
    """
    async with services.db.acquire() as db, db.transaction():
        await select_announced_for_update(db)
        if await select_final(db):
            return True
        verified_at = await upsert_final(db, until, heads)
        if verified_at is not None:
            results = f"{services.settings.address}/api/results"
            data = {"vote_until": until, "verified_at": verified_at, "results": results}
            await write_voting(db, RESULTS_FINAL, data)
    return verified_at is not None


async def _has_ended_in_redis(services: Services, revision: int, until: datetime) -> bool:
    """Return whether every shard has these settings and has reached the end, so it accepts no votes."""
    rules = services.functions.rules
    states = [await rules.state(shard) for shard in range(rules.shards)]
    end = unix_ms(until)
    return all(state.revision == revision and state.now_ms >= end for state in states)
