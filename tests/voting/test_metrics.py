"""The totals of votes are written in the background, and completely when a process ends."""

import asyncio

from app.services import open_services
from app.voting import keys
from app.voting.metrics import VoteMetrics
from app.voting.votes import Status, Tally, Vote, VoteResult, VoteState
from tests.conftest import NO_LIMITS

ACCEPTED = VoteResult(Status.ACCEPTED, 0, VoteState(Tally(1, 0, 1), 1))


async def test_the_last_counts_are_written_when_the_process_ends(settings, board, redis):
    project_id, users = await board.project(), await board.users(3)
    before = int(await redis.hget(keys.METRICS, "votes") or 0)
    async with open_services(settings.model_copy(update=NO_LIMITS)) as services:
        for user in users:
            await services.batcher.cast(Vote(project_id, user.id, 1))
    assert int(await redis.hget(keys.METRICS, "votes")) - before >= 3


async def test_a_write_under_way_when_the_process_ends_is_finished(redis):
    before = int(await redis.hget(keys.METRICS, "votes") or 0)
    metrics, has_begun, may_go_on = VoteMetrics(redis), asyncio.Event(), asyncio.Event()
    write = metrics._add

    async def write_slowly(totals):
        has_begun.set()
        await may_go_on.wait()
        await write(totals)

    metrics._add = write_slowly
    metrics.count_results([ACCEPTED] * 3, [0.0] * 3)
    await has_begun.wait()
    metrics.count_results([ACCEPTED] * 4, [0.0] * 4)
    closing = asyncio.create_task(metrics.close())
    await asyncio.sleep(0)
    may_go_on.set()
    await closing
    assert int(await redis.hget(keys.METRICS, "votes")) - before >= 7
