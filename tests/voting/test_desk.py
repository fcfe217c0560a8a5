"""Votes that arrive together leave together; nobody is left waiting."""

import asyncio

import pytest

from app.voting.desk import Desk
from app.voting.metrics import VoteMetrics
from app.voting.votes import (
    Answer,
    Status,
    Tally,
    UnknownProject,
    Vote,
    VotesUnavailable,
)


class CountingFunctions:
    """Stands for Redis: answers after a turn of the loop and notes the size of each batch."""

    def __init__(self, failures: int = 0) -> None:
        self.batches: list[int] = []
        self.failures = failures

    async def cast(self, shard: int, votes: list[Vote]) -> list[Answer]:
        self.batches.append(len(votes))
        await asyncio.sleep(0.01)
        if self.failures:
            self.failures -= 1
            raise VotesUnavailable("away")
        return [Answer(Status.ACCEPTED, 0, vote.value, Tally(1, 0, 1)) for vote in votes]


async def test_votes_that_arrive_together_leave_in_one_call(settings, redis):
    functions = CountingFunctions()
    desk = Desk(functions, None, VoteMetrics(redis), settings)
    await asyncio.gather(*[desk.cast(Vote(1, user, 1)) for user in range(100)])
    assert functions.batches == [100]


async def test_votes_that_arrive_during_a_call_leave_in_the_next(settings, redis):
    functions = CountingFunctions()
    desk = Desk(functions, None, VoteMetrics(redis), settings)
    first = asyncio.create_task(desk.cast(Vote(1, 0, 1)))
    await asyncio.sleep(0.002)
    await asyncio.gather(first, *[desk.cast(Vote(1, user, 1)) for user in range(300)])
    assert functions.batches == [1, 256, 44]


async def test_a_failed_call_fails_everyone_who_waits_and_nobody_after(settings, redis):
    desk = Desk(CountingFunctions(failures=1), None, VoteMetrics(redis), settings)
    votes = [desk.cast(Vote(1, user, 1)) for user in range(300)]
    results = await asyncio.gather(*votes, return_exceptions=True)
    assert all(isinstance(result, VotesUnavailable) for result in results)
    assert (await desk.cast(Vote(1, 1, 1))).status is Status.ACCEPTED


async def test_a_caller_that_goes_away_does_not_take_its_vote_along(desk, board, functions):
    project_id, user = await board.project(), await board.user()
    caller = asyncio.create_task(desk.cast(Vote(project_id, user.id, 1)))
    await asyncio.sleep(0)
    caller.cancel()
    async with asyncio.timeout(5):
        while (await functions.read([project_id], user.id)).get(project_id) is None:
            await asyncio.sleep(0.01)
        while (await functions.read([project_id], user.id))[project_id].value != 1:
            await asyncio.sleep(0.01)


async def test_a_vote_on_an_unknown_project_says_so(desk):
    with pytest.raises(UnknownProject):
        await desk.cast(Vote(2**40, 1, 1))
