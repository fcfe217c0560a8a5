"""Withdrawals: all votes of a user are taken out of the tallies, however many there are.

Each vote goes through the vote function as a vote of 0, so it makes an event, and tallies, event log and
Redis stay right. What is left to do is what PostgreSQL still has of the user's votes, so the next run
goes on where an interrupted one stopped, and two at the same time do no harm.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Sequence

from app.accounts.withdrawals import queries
from app.services import Services
from app.voting import keys
from app.voting.votes import Status, Vote

CHUNK = 1_000
# A batch of this size keeps Redis busy for about 4 ms; other votes come in between two batches.
BATCH = 256
PAUSE_SECONDS = 0.01
# A process that has cached a session or token may accept votes with it for this long after its end.
GRACE_SECONDS = 20
# How long one run works; the worker has other jobs and comes back.
WORK_SECONDS = 5.0
# A project that becomes cold at the same moment is left to the next run after so many attempts.
ATTEMPTS = 3


async def run_withdrawals(services: Services) -> int:
    """Work on all withdrawals that are not finished; return how many votes were taken out."""
    deadline, withdrawn = time.monotonic() + WORK_SECONDS, 0
    for user_id in await queries.select_unfinished(services.db):
        withdrawn += await _withdraw(services, user_id, deadline)
    return withdrawn


async def _withdraw(services: Services, user_id: int, deadline: float) -> int:
    no_more_votes = await queries.select_grace_is_over(services.db, user_id, GRACE_SECONDS)
    await services.functions.ping()  # notices a Redis that was emptied
    await services.persist_events()  # from now on the table votes has what was cast until now
    last, withdrawn = 0, 0
    while chunk := await queries.select_voted(services.db, user_id, last, CHUNK):
        for start in range(0, len(chunk), BATCH):
            await _withdraw_from(services, user_id, chunk[start : start + BATCH])
        last, withdrawn = chunk[-1], withdrawn + len(chunk)
        if time.monotonic() > deadline:
            return withdrawn
    if no_more_votes and not withdrawn:
        await queries.update_finished(services.db, user_id)
    return withdrawn


async def _withdraw_from(services: Services, user_id: int, project_ids: Sequence[int]) -> None:
    for _ in range(ATTEMPTS):
        project_ids = await _withdraw_from_cached(services, user_id, project_ids)
        if not project_ids:
            break
        await services.hydrator.hydrate_all(project_ids)
    await asyncio.sleep(PAUSE_SECONDS)


async def _withdraw_from_cached(
    services: Services, user_id: int, project_ids: Sequence[int]
) -> list[int]:
    """Return the projects that are cold."""
    shards: dict[int, list[Vote]] = defaultdict(list)
    for project_id in project_ids:
        shard = keys.shard_of(project_id, services.settings.vote_shards)
        shards[shard].append(Vote(project_id, user_id, 0))
    cold = []
    for shard, votes in shards.items():
        results = await services.functions.withdraw(shard, votes)
        cold += [v.project_id for v, r in zip(votes, results, strict=True) if r.status is Status.COLD]
    return cold
