"""Votes that arrive together are sent together, and each one gets an answer."""

import asyncio
from types import SimpleNamespace

import pytest

from app.errors import UnknownProject, VotesUnavailable
from app.voting.batcher import VoteBatcher
from app.voting.hydration import Hydrator
from app.voting.metrics import VoteMetrics
from app.voting.votes import Status, Tally, Vote, VoteResult, VoteState
from tests.waiting import CEILING, until


class CountingFunctions:
    """A replacement for Redis that answers when the test says so, and records the batch sizes."""

    def __init__(self, failures: int = 0, *, waits: bool = False) -> None:
        self.batches: list[int] = []
        self.failures = failures
        self.called, self.go = asyncio.Event(), asyncio.Event()
        if not waits:
            self.go.set()

    async def cast(self, shard: int, votes: list[Vote], seconds: float) -> list[VoteResult]:
        self.batches.append(len(votes))
        self.called.set()
        await asyncio.sleep(0)  # lets the other tasks run once
        await self.go.wait()
        if self.failures:
            self.failures -= 1
            raise VotesUnavailable("away")
        return [VoteResult(Status.ACCEPTED, 0, VoteState(Tally(1, 0, 1), vote.value)) for vote in votes]


async def test_votes_that_arrive_together_are_sent_in_one_call(settings, redis):
    functions = CountingFunctions()
    batcher = VoteBatcher(functions, None, VoteMetrics(redis), settings)
    await asyncio.gather(*[batcher.cast(Vote(1, user, 1)) for user in range(100)])
    assert functions.batches == [100]


async def test_votes_that_arrive_during_a_call_are_sent_in_the_next(settings, redis):
    functions = CountingFunctions(waits=True)
    batcher = VoteBatcher(functions, None, VoteMetrics(redis), settings)
    first = asyncio.create_task(batcher.cast(Vote(1, 0, 1)))
    await functions.called.wait()
    others = [batcher.submit(Vote(1, user, 1)) for user in range(300)]
    functions.go.set()
    async with asyncio.timeout(CEILING):
        await asyncio.gather(first, *others)
    assert functions.batches == [1, 256, 44]


async def test_votes_that_wait_for_one_hydration_are_sent_together(
    settings, redis, db, board, functions
):
    project_id, users = await board.project(), await board.users(200)
    sizes, cast = [], functions.cast

    async def note_and_cast(shard: int, votes: list[Vote], seconds: float) -> list[VoteResult]:
        sizes.append(len(votes))
        return await cast(shard, votes, seconds)

    noting = SimpleNamespace(cast=note_and_cast)
    batcher = VoteBatcher(noting, Hydrator(redis, db, functions, 1), VoteMetrics(redis), settings)
    answers = await asyncio.gather(*[batcher.cast(Vote(project_id, user.id, 1)) for user in users])
    assert answers[-1].tally.upvotes == 200
    assert sizes == [200, 200]


async def test_a_vote_is_cast_again_until_another_process_has_hydrated_its_project(settings, redis):
    statuses, hydrated = [Status.COLD, Status.COLD, Status.ACCEPTED], []

    async def cast(shard: int, votes: list[Vote], seconds: float) -> list[VoteResult]:
        return [VoteResult(statuses.pop(0), 0, VoteState(Tally(1, 0, 1), vote.value)) for vote in votes]

    async def hydrate(project_id: int) -> bool:
        hydrated.append(project_id)
        return True

    functions, hydrator = SimpleNamespace(cast=cast), SimpleNamespace(hydrate=hydrate)
    batcher = VoteBatcher(functions, hydrator, VoteMetrics(redis), settings)
    async with asyncio.timeout(CEILING):
        assert (await batcher.cast(Vote(7, 1, 1))).status is Status.ACCEPTED
    assert hydrated == [7, 7]


async def test_a_failed_call_fails_the_votes_that_wait_and_no_later_ones(settings, redis):
    batcher = VoteBatcher(CountingFunctions(failures=1), None, VoteMetrics(redis), settings)
    votes = [batcher.cast(Vote(1, user, 1)) for user in range(300)]
    results = await asyncio.gather(*votes, return_exceptions=True)
    assert all(isinstance(result, VotesUnavailable) for result in results)
    assert (await batcher.cast(Vote(1, 1, 1))).status is Status.ACCEPTED


async def test_a_vote_counts_even_if_its_caller_is_cancelled(batcher, board, functions):
    project_id, user = await board.project(), await board.user()
    caller = asyncio.create_task(batcher.cast(Vote(project_id, user.id, 1)))
    await asyncio.sleep(0)
    caller.cancel()

    async def counted() -> bool:
        state = (await functions.read([project_id], user.id)).get(project_id)
        return state is not None and state.value == 1

    await until(counted, "for the vote of the cancelled caller")


async def test_a_vote_on_an_unknown_project_raises(batcher):
    with pytest.raises(UnknownProject):
        await batcher.cast(Vote(2**40, 1, 1))
