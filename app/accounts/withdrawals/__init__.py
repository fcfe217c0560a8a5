"""Withdrawals: remove all votes of a user from the tallies, however many there are.

Each vote goes through the vote function as a vote of 0. This writes an event, so tallies, event log and
Redis stay consistent. The votes that remain are the ones that PostgreSQL still has, so the next run
continues where an interrupted one stopped, and two runs at the same time do no harm.

The votes of a suspended or deleted account leave the tallies at any time, when a moderator asks for it.
When an owner deletes the account, they do so only while voting is open: nothing else changes a result.
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
# A batch of this size keeps Redis busy for about a millisecond, and other votes wait for that; 256 kept
# it busy for 5 to 11 on a slow machine. More votes than batches pass between two of them.
BATCH = 32
PAUSE_SECONDS = 0.004
# A process that has cached a session or token may accept votes with it for this long after its end.
GRACE_SECONDS = 20
# A process that is cut off may accept votes for longer. They are looked for during this time after a
# withdrawal, and later by upvote verify.
WATCH_SECONDS = 24 * 60 * 60
# How long one run works. The worker has other jobs, and starts the next run later.
WORK_SECONDS = 5.0
# After this many attempts, a project that becomes cold again each time is left to the next run.
ATTEMPTS = 3


async def run_withdrawals(services: Services) -> int:
    """Work on the withdrawals that are due and not finished; return how many votes were withdrawn."""
    deadline, withdrawn = time.monotonic() + WORK_SECONDS, 0
    await queries.update_reopened(services.db, WATCH_SECONDS)
    is_open = services.board.voting_phase() == "open"
    for user_id, deleted in await queries.select_unfinished(services.db, deleted_too=is_open):
        withdrawn += await _withdraw(services, user_id, deadline, in_time=deleted)
    return withdrawn


async def has_withdrawals(services: Services) -> bool:
    """Return whether run_withdrawals would find something to do."""
    is_open = services.board.voting_phase() == "open"
    return await queries.select_has_work(services.db, WATCH_SECONDS, deleted_too=is_open)


async def withdraw_late_votes(services: Services, project_id: int) -> list[int]:
    """Withdraw the votes on a project of users whose votes were withdrawn before; return the users."""
    user_ids = await queries.select_late_voters(services.db, project_id)
    for user_id in user_ids:
        await _withdraw_from(services, user_id, [project_id])
    return user_ids


async def withdraw_all_votes(services: Services) -> int:
    """Withdraw the votes of everybody that were cast before now, at any time; return how many."""
    await services.functions.ping()
    await services.persist_events()
    withdrawn, last_user = 0, 0
    while user_ids := await queries.select_voter_ids(services.db, last_user, CHUNK):
        for user_id in user_ids:
            last = 0
            while part := await queries.select_voted_ids(services.db, user_id, last, BATCH):
                await _withdraw_from(services, user_id, part)
                last, withdrawn = part[-1], withdrawn + len(part)
        last_user = user_ids[-1]
    await services.persist_events()
    return withdrawn


async def _withdraw(services: Services, user_id: int, deadline: float, *, in_time: bool) -> int:
    no_more_votes = await queries.select_grace_is_over(services.db, user_id, GRACE_SECONDS)
    await services.functions.ping()  # compares Redis with PostgreSQL if Redis was emptied
    await services.persist_events()  # now the table votes has every vote that was cast before
    last, withdrawn = 0, 0
    while chunk := await queries.select_voted_ids(services.db, user_id, last, CHUNK):
        for start in range(0, len(chunk), BATCH):
            part = chunk[start : start + BATCH]
            await _withdraw_from(services, user_id, part, in_time=in_time)
        last, withdrawn = chunk[-1], withdrawn + len(chunk)
        if time.monotonic() > deadline:
            return withdrawn
    if no_more_votes and not withdrawn:
        await queries.update_finished(services.db, user_id)
    return withdrawn


async def _withdraw_from(
    services: Services, user_id: int, project_ids: Sequence[int], *, in_time: bool = False
) -> None:
    for _ in range(ATTEMPTS):
        project_ids = await _withdraw_from_cached(services, user_id, project_ids, in_time=in_time)
        if not project_ids:
            break
        await services.hydrator.hydrate_all(project_ids)
    await asyncio.sleep(PAUSE_SECONDS)


async def _withdraw_from_cached(
    services: Services, user_id: int, project_ids: Sequence[int], *, in_time: bool
) -> list[int]:
    """Withdraw the votes on cached projects; return the projects that are cold."""
    shards: dict[int, list[Vote]] = defaultdict(list)
    for project_id in project_ids:
        shard = keys.shard_of(project_id, services.settings.vote_shards)
        shards[shard].append(Vote(project_id, user_id, 0))
    cold = []
    for shard, votes in shards.items():
        results = await services.functions.withdraw(shard, votes, in_time=in_time)
        cold += [v.project_id for v, r in zip(votes, results, strict=True) if r.status is Status.COLD]
    return cold
