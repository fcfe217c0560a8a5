"""Withdrawals: all votes of a user are taken out of the tallies, however many there are.

Each goes through the vote function as a vote of 0, so it makes an event, and tallies, audit and Redis
stay right. What is left to do is what PostgreSQL still has of the user's votes: a run that is cut off
is gone on with by the next one, and two at once do no harm.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Sequence

from app.operations.warm_up import hydrate_all
from app.services import Services
from app.voting import keys, persist
from app.voting.hydration import Hydrator
from app.voting.votes import Status, Vote
from app.voting.withdrawals import queries

CHUNK = 1_000
# Redis is busy for about 4 ms with a batch of this size; other votes come in between two of them.
BATCH = 256
BREATH_SECONDS = 0.01
# A session or a token that was remembered by some process votes this long after it has ended, at most.
GRACE_SECONDS = 20
# One run's; the worker has other things to do, and comes back.
WORK_SECONDS = 5.0
# A project that others make cold at the same moment is left to the next run.
TRIES = 3


async def withdraw_votes(services: Services) -> int:
    """Work on all withdrawals that are not finished; gives how many votes were cast back."""
    deadline, withdrawn = time.monotonic() + WORK_SECONDS, 0
    for user_id in await queries.select_unfinished(services.db):
        withdrawn += await _withdraw(services, user_id, deadline)
    return withdrawn


async def _withdraw(services: Services, user_id: int, deadline: float) -> int:
    ripe = await queries.select_ripe(services.db, user_id, GRACE_SECONDS)
    await _persist(services)  # then what was cast until now stands in `votes`
    hydrator = Hydrator(services.redis, services.db, services.functions, services.settings.vote_shards)
    last, withdrawn = 0, 0
    while chunk := await queries.select_voted(services.db, user_id, last, CHUNK):
        for at in range(0, len(chunk), BATCH):
            await _cast_back(services, hydrator, user_id, chunk[at : at + BATCH])
        last, withdrawn = chunk[-1], withdrawn + len(chunk)
        if time.monotonic() > deadline:
            return withdrawn
    if ripe and not withdrawn:
        await queries.update_finished(services.db, user_id)
    return withdrawn


async def _persist(services: Services) -> None:
    await services.functions.ping()  # a Redis that was emptied is noticed here
    for shard in range(services.settings.vote_shards):
        await persist.persist_events(services.redis, services.db, shard)


async def _cast_back(
    services: Services, hydrator: Hydrator, user_id: int, project_ids: Sequence[int]
) -> None:
    for _ in range(TRIES):
        project_ids = await _cast_back_hot(services, user_id, project_ids)
        if not project_ids:
            break
        await hydrate_all(hydrator, project_ids)
    await asyncio.sleep(BREATH_SECONDS)


async def _cast_back_hot(services: Services, user_id: int, project_ids: Sequence[int]) -> list[int]:
    """Those of the projects that are cold."""
    shards: dict[int, list[Vote]] = defaultdict(list)
    for project_id in project_ids:
        shard = keys.shard_of(project_id, services.settings.vote_shards)
        shards[shard].append(Vote(project_id, user_id, 0))
    cold = []
    for shard, votes in shards.items():
        answers = await services.functions.withdraw(shard, votes)
        cold += [v.project_id for v, a in zip(votes, answers, strict=True) if a.status is Status.COLD]
    return cold
