"""A Redis whose memory is full accepts no votes until the worker has freed some, by itself."""

import pytest

from app.errors import VotesUnavailable
from app.operations.doctor.redis import check_redis
from app.operations.ops.state import read_state
from app.services import open_services
from app.storage.redis_memory import share_used
from app.voting import cooling, kept_events, keys
from app.voting.votes import Closed, Vote
from tests.waiting import until
from workers.full_memory import JOBS
from workers.schedule import resilient

ONE_BYTE = 1  # a limit that nothing gets below


async def free_memory(services) -> None:
    for job in JOBS:
        await resilient(job)({"services": services, "busy": set()})


async def limit_memory(services, limit: int) -> None:
    await services.redis.config_set("maxmemory", limit)


@pytest.fixture
async def here(here):
    yield here
    await limit_memory(here, 0)


@pytest.fixture
async def voted(fresh_board) -> list[int]:
    """Projects with a vote each, none of which is in PostgreSQL yet."""
    [user], projects = await fresh_board.board.users(1), []
    for _ in range(3):
        projects.append(await fresh_board.board.project(user))
        await fresh_board.services.batcher.cast(Vote(projects[-1], user.id, 1))
    return projects


async def test_what_frees_memory_runs_while_it_is_full(here, voted):
    """Also in a process that has just started."""
    await limit_memory(here, ONE_BYTE)
    async with open_services(here.settings) as services:
        await free_memory(services)
        notes = await here.redis.hgetall(keys.METRICS_WORKER)
        assert {name.decode() for name in notes} >= {f"{job.__name__}:ended_at" for job in JOBS}
        assert not any(notes[name] for name in notes if name.endswith(b":error"))
    assert await here.redis.xlen(keys.events(0)) == 0
    assert await here.redis.hlen(keys.changed(0)) == 0
    assert await here.redis.keys(keys.all_tallies(0)) == []
    assert await here.db.fetchval("SELECT sum(upvotes) FROM projects") == len(voted)


async def test_an_upgrade_while_memory_is_full_says_what_to_do_and_goes_on_then(here, voted):
    """The functions of another version are not loaded yet."""
    await here.redis.execute_command("FUNCTION", "FLUSH")
    await limit_memory(here, ONE_BYTE)
    async with open_services(here.settings) as services:
        await free_memory(services)
        with pytest.raises(VotesUnavailable, match=r"does not load the functions.*raise maxmemory"):
            await services.batcher.cast(Vote(voted[0], 1, 1))
        failed = {check.name: check.text for check in await check_redis(here) if not check.passed}
        assert "raise maxmemory" in failed["vote functions"]
        assert await services.db.fetchval("SELECT count(*) FROM votes") == len(voted)  # persisted
        await limit_memory(here, 0)
        await free_memory(services)
        assert await here.db.fetchval("SELECT sum(upvotes) FROM projects") == len(voted)


async def test_a_full_redis_says_so_and_accepts_votes_again_after_one_run(here, voted):
    await here.persist_events()
    voters = dict.fromkeys(range(1000000, 1020000), 1)
    await here.redis.hset(keys.votes(0, voted[0]), mapping=voters)
    await limit_memory(here, (await here.redis.info("memory"))["used_memory"] - 100_000)
    vote = Vote(voted[0], 1, 0)
    with pytest.raises(VotesUnavailable, match="memory is full"):
        await here.functions.cast(0, [vote])
    assert set(await here.functions.read(voted)) == set(voted)  # pages go on

    failed = {check.name: check.text for check in await check_redis(here) if not check.passed}
    assert "Raise maxmemory" in failed["memory"]
    assert "memory is full" in failed["vote functions"]

    await free_memory(here)

    async def has_enough() -> bool:
        return await share_used(here.redis) < cooling.ENOUGH_SHARE

    await until(has_enough, "for memory")  # keys are freed in the background
    assert (await here.batcher.cast(vote)).tally.version > 0


async def test_metrics_do_not_take_a_full_redis_for_one_that_is_away(here, voted):
    await limit_memory(here, ONE_BYTE)
    here.metrics.count_errors(7)
    state = await read_state(here)
    assert not state.accepts_votes
    assert state.redis is not None
    assert state.redis.votes["errors"] == 7
    assert state.redis.votes["votes"] == len(voted)
    assert state.redis.memory_share > 1


async def test_a_project_can_be_closed_and_discarded_while_memory_is_full(here, voted):
    await here.persist_events()
    await limit_memory(here, ONE_BYTE)
    token = await here.functions.closing.begin(voted[0])
    assert await here.functions.closing.close(voted[0], Closed.LOCKED, [1], token)
    assert await here.functions.discard(voted[0], 1)


async def test_a_new_epoch_can_begin_while_memory_is_full(here, voted):
    await here.persist_events()
    await limit_memory(here, ONE_BYTE)
    await here.redis.delete(keys.epoch(0))
    assert await here.functions.compare(0)


async def test_projects_without_recent_votes_leave_first(here, voted, monkeypatch):
    await free_memory(here)
    user = await here.db.fetchval("SELECT max(id) FROM users")
    for project_id in voted:
        await here.batcher.cast(Vote(project_id, user, 0))
    await here.persist_events()
    await here.sync.run()
    await here.redis.hincrby(keys.tally(0, voted[0]), "used", -3_600_000)

    async def share_until_cold(_: object) -> float:
        return 1.0 if await here.redis.exists(keys.tally(0, voted[0])) else 0.5

    monkeypatch.setattr(cooling, "share_used", share_until_cold)
    await cooling.cool_enough(here.redis, here.db, here.functions, shards=1, idle=86_400)
    assert set(await here.functions.read(voted)) == set(voted[1:])


async def test_old_batches_are_forgotten_although_no_new_ones_are_kept(here, voted, monkeypatch):
    await here.persist_events()
    assert await here.redis.xlen(keys.kept(0)) == 1
    await limit_memory(here, ONE_BYTE)
    await kept_events.forget_old(here.redis, 0)
    assert await here.redis.xlen(keys.kept(0)) == 1
    monkeypatch.setattr(kept_events, "KEEP_SECONDS", -1)
    await free_memory(here)
    assert await here.redis.xlen(keys.kept(0)) == 0


async def test_nothing_leaves_redis_while_postgresql_lacks_what_redis_knows(here, voted):
    await here.persist_events()
    await here.sync.run()
    await here.db.execute("UPDATE stream_checkpoints SET last_ms = last_ms - 1")
    cool = (here.redis, here.db, here.functions)
    assert await cooling.cool_enough(*cool, shards=1, idle=0) == 0
    await here.db.execute("UPDATE stream_checkpoints SET last_ms = last_ms + 1")
    assert await cooling.cool_enough(*cool, shards=1, idle=0) == len(voted)
