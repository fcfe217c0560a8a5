"""A vote that waited in a frozen process or server is not cast after a later one of the same person."""

import asyncio
import contextlib
import math
import os
import signal
import sys
import time
from types import SimpleNamespace

import pytest

from app.errors import CastTooLate, VotesUnavailable
from app.main import create_app
from app.services import open_services
from app.voting import arrivals, keys
from app.voting.arrivals import START_TURNS, TURN_SECONDS, Arrivals
from app.voting.batcher import VoteBatcher
from app.voting.metrics import VoteMetrics
from app.voting.redis_clock import RedisClock
from app.voting.votes import Status, Tally, Vote, VoteResult, VoteState
from tests.http import Connection
from tests.ports import free_port
from tests.processes import environment, until_alive, workers_of
from tests.support import session_cookie
from tests.voting.hasty_web import VOTE_SECONDS
from tests.waiting import CEILING, until

HOUR = 3_600_000  # ms


class SlowFunctions:
    """A replacement for Redis that waits for the test, and gets to its first calls too late."""

    def __init__(self, *, too_late: int = 0) -> None:
        self.cast_votes: list[Vote] = []
        self.calls, self.too_late = 0, too_late
        self.go = asyncio.Event()

    async def cast(self, shard: int, votes: list[Vote], seconds: float) -> list[VoteResult]:
        self.calls += 1
        await self.go.wait()
        if self.calls <= self.too_late:
            raise CastTooLate
        self.cast_votes += votes
        return [VoteResult(Status.ACCEPTED, 0, VoteState(Tally(1, 0, 1), vote.value)) for vote in votes]


async def values_written(redis, project_id: int) -> list[bytes]:
    """Return the new value of each event of a project that is not persisted yet, in order."""
    events = [entry[b"vote"].split() for _, entry in await redis.xrange(keys.events(0))]
    return [new for project, _, _, new, _ in events if int(project) == project_id]


async def test_a_vote_that_waited_in_a_frozen_redis_is_never_cast(fresh_board):
    here, board = fresh_board.services, fresh_board.board
    project_id, user = await board.project(), await board.user()
    async with open_services(here.settings, query_seconds=CEILING) as there:
        await here.batcher.cast(Vote(project_id, user.id, 1))
        await there.functions.ping()
        fresh_board.valkey.pause()
        try:
            with pytest.raises(VotesUnavailable):
                await here.batcher.cast(Vote(project_id, user.id, 0))
            later = there.batcher.submit(Vote(project_id, user.id, -1))
        finally:
            fresh_board.valkey.resume()
        with contextlib.suppress(VotesUnavailable):  # on a busy machine
            await later
        await fresh_board.until_redis_answers()
        await there.functions.ping()
        assert b"0" not in await values_written(there.redis, project_id)


async def test_redis_casts_nothing_after_the_time_of_a_call(fresh_board):
    functions, board = fresh_board.services.functions, fresh_board.board
    project_id, user = await board.project(), await board.user()
    await fresh_board.vote(project_id)
    with pytest.raises(CastTooLate):
        await functions.cast(0, [Vote(project_id, user.id, -1)], seconds=-0.01)
    assert await values_written(fresh_board.services.redis, project_id) == [b"1"]


@pytest.mark.parametrize("step", [HOUR, -HOUR])
async def test_no_vote_in_time_is_refused_after_the_clock_of_redis_was_set(
    functions, board, redis, step
):
    project_id, user = await board.project(), await board.user()
    await functions.cast(0, [Vote(project_id, user.id, 1)])
    clock = functions._cast_call._clocks[0]
    clock._least, clock._most = clock._least + step, clock._most + step  # as before it was set
    result = await functions.cast(0, [Vote(project_id, user.id, 1)])
    assert result[0].status is Status.COLD  # it was looked at, and the project is cold
    seconds, microseconds = await redis.time()
    told = seconds * 1000 + microseconds / 1000
    assert clock.at(time.monotonic()) == pytest.approx(told, abs=1000 * CEILING)


async def test_the_clock_of_redis_is_never_thought_to_be_ahead():
    clock = RedisClock()
    assert clock.at(100.0) == 0  # so that Redis refuses, and tells the time
    clock.learn(sent=100.0, received=100.4, told=5_000_300)
    assert clock.at(100.4) == 5_000_300
    clock.learn(sent=101.0, received=109.0, told=5_001_100)  # this process was frozen meanwhile
    assert clock.at(100.4) == 5_000_300
    clock.learn(sent=110.0, received=110.1, told=5_010_050)  # a faster reply: a closer bound
    assert clock.at(110.1) == 5_010_050


@pytest.mark.parametrize("told", [9_000_000, 1_000_000])
async def test_the_clock_of_redis_is_known_again_after_it_was_set(told):
    clock = RedisClock()
    clock.learn(sent=100.0, received=100.4, told=5_000_300)
    clock.learn(sent=101.0, received=101.4, told=told)
    assert clock.at(101.4) == told


async def test_a_vote_that_is_older_than_its_button_waits_is_not_cast(settings, redis):
    functions = SlowFunctions()
    functions.go.set()
    batcher = VoteBatcher(functions, None, VoteMetrics(redis), settings)
    with pytest.raises(VotesUnavailable):
        await batcher.cast(Vote(1, 1, 1), time.monotonic() - 20)
    assert (await batcher.cast(Vote(1, 1, -1))).value == -1
    assert functions.cast_votes == [Vote(1, 1, -1)]


async def test_a_vote_that_waited_for_a_call_while_its_process_was_frozen_is_not_cast(
    settings, redis, monkeypatch
):
    functions = SlowFunctions()
    batcher = VoteBatcher(functions, None, VoteMetrics(redis), settings)
    first = batcher.submit(Vote(1, 1, 1))
    await until(lambda: functions.calls)
    second = batcher.submit(Vote(1, 2, 1))
    monkeypatch.setattr("app.voting.batcher.VOTE_SECONDS", 0.0)
    functions.go.set()
    assert (await first).status is Status.ACCEPTED
    with pytest.raises(VotesUnavailable):
        await second
    assert functions.cast_votes == [Vote(1, 1, 1)]


async def test_a_vote_that_redis_got_to_late_is_sent_again_while_its_caller_waits(settings, redis):
    functions = SlowFunctions(too_late=2)
    functions.go.set()
    batcher = VoteBatcher(functions, None, VoteMetrics(redis), settings)
    assert (await batcher.cast(Vote(1, 1, 1))).status is Status.ACCEPTED
    assert functions.calls == 3


async def test_a_vote_whose_policy_takes_too_long_is_not_cast(settings, redis, monkeypatch):
    monkeypatch.setattr("app.voting.vote_deadlines.REQUEST_SECONDS", 0.1)
    functions, answer = SlowFunctions(), asyncio.Event()
    functions.go.set()

    async def policy(vote: Vote) -> Vote:
        await answer.wait()
        return vote

    hydrator = SimpleNamespace(is_progressing=lambda _: False)
    batcher = VoteBatcher(functions, hydrator, VoteMetrics(redis), settings, policy)
    with pytest.raises(VotesUnavailable):
        await batcher.cast(Vote(1, 1, 1))
    answer.set()
    await until(lambda: not batcher._tasks)
    assert functions.calls == 0


async def test_what_is_read_after_a_stall_may_have_arrived_when_it_began(monkeypatch):
    for name, seconds in (("PERIOD", 0.02), ("STALL", 0.05), ("TURN", 0.01)):
        monkeypatch.setattr(arrivals, f"{name}_SECONDS", seconds)
    watched = Arrivals()
    serving = watched.while_serving()
    await anext(serving)
    await until(lambda: watched._due < math.inf)
    began = time.monotonic()
    time.sleep(0.2)  # noqa: ASYNC251  (nothing else runs, as in a frozen process)
    assert watched.earliest() <= began  # in the same turn of the loop
    for _ in range(2):
        await asyncio.sleep(0)
        assert watched.earliest() <= began
    over = time.monotonic()
    await until(lambda: watched.earliest() >= over)
    with pytest.raises(StopAsyncIteration):
        await anext(serving)


async def test_what_a_new_process_reads_first_may_have_arrived_when_the_old_one_ended():
    """However long the process waits for the processor before it begins to read."""
    started, watched = time.monotonic(), Arrivals()
    serving = watched.while_serving(unserved_since=started - 20)
    await anext(serving)
    await asyncio.sleep(0)
    time.sleep(START_TURNS * TURN_SECONDS * 1.1)  # noqa: ASYNC251
    for _ in range(5):  # the server opens its sockets, accepts connections, and reads
        await asyncio.sleep(0)
        assert watched.earliest() == started - 20
    await until(lambda: watched.earliest() >= started)
    with pytest.raises(StopAsyncIteration):
        await anext(serving)


async def test_a_vote_that_waited_in_the_socket_of_a_frozen_web_process_is_not_cast(
    settings, board, batcher, functions
):
    project_id, user, port = await board.project(), await board.user(), free_port()
    cookie = session_cookie(create_app(settings), user)
    web = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.voting.hasty_web", env=environment(settings, port=port)
    )
    try:
        await until_alive(port)
        [child] = workers_of(web.pid)
        async with Connection(port, cookie) as connection:
            await until(lambda: _is_accepted(connection, project_id, 1))
            os.kill(child, signal.SIGSTOP)
            try:
                sent = time.monotonic()
                older = asyncio.create_task(connection.vote(project_id, 0))
                await until(lambda: time.monotonic() - sent > VOTE_SECONDS + 0.1)
                later = await batcher.cast(Vote(project_id, user.id, -1))
            finally:
                os.kill(child, signal.SIGCONT)
            reply = await older
            assert (reply.status, reply.headers["retry-after"]) == (503, "2")
            state = (await functions.read([project_id], user.id))[project_id]
            assert (state.value, state.tally) == (-1, later.tally)
            await until(lambda: _is_accepted(connection, project_id, 1))  # it goes on
    finally:
        with contextlib.suppress(ProcessLookupError):
            web.send_signal(signal.SIGINT)
        await asyncio.wait_for(web.wait(), CEILING)


async def _is_accepted(connection: Connection, project_id: int, value: int) -> bool:
    return (await connection.vote(project_id, value)).status == 200
