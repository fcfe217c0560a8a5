"""A cold project is loaded from PostgreSQL without a change."""

import asyncio

from app.voting import keys, queries
from app.voting.hydration import Hydrator
from app.voting.persist import persist_events
from app.voting.votes import Tally, Vote, VoteState
from tests.support import make_cold


async def test_a_cold_project_is_hydrated_by_the_next_vote(batcher, board, redis, db):
    project_id, users = await board.project(), await board.users(4)
    for user, value in zip(users, (1, -1, 1, 0), strict=True):
        await batcher.cast(Vote(project_id, user.id, value))
    await persist_events(redis, db, 0)
    await make_cold(redis, project_id)
    answer = await batcher.cast(Vote(project_id, users[3].id, 1))
    assert answer.tally == Tally(3, 1, 4)
    assert len(await redis.hgetall(keys.votes(0, project_id))) == 4


async def test_processes_that_hydrate_at_once_agree(batcher, board, redis, db, functions):
    project_id, users = await board.project(), await board.users(20)
    for user in users:
        await batcher.cast(Vote(project_id, user.id, 1))
    await persist_events(redis, db, 0)
    await make_cold(redis, project_id)
    hydrations = [Hydrator(redis, db, functions, 1).hydrate(project_id) for _ in range(8)]
    assert all(await asyncio.gather(*hydrations))
    live = await functions.read([project_id], users[0].id)
    assert live[project_id] == VoteState(Tally(20, 0, 20), 1)


async def test_a_hydration_that_lost_its_claim_installs_nothing(functions, board, redis):
    project_id = await board.project()
    await redis.set(keys.claim(0, project_id), "another")
    await redis.hset(keys.staged(0, project_id, "late"), "1", "1")
    assert not await functions.install(0, project_id, "late", Tally(1, 0, 1))
    assert not await redis.exists(
        keys.tally(0, project_id), keys.votes(0, project_id), keys.staged(0, project_id, "late")
    )
    await redis.delete(keys.claim(0, project_id))


async def test_a_hydration_that_read_before_a_new_epoch_installs_nothing(
    here, fresh_board, monkeypatch
):
    """It would give the project a version that clients may have seen with another tally."""
    project_id = await fresh_board.board.project()
    await fresh_board.vote(await fresh_board.board.project())
    select = queries.select_closed

    async def begin_epoch_first(*arguments):
        await here.redis.delete(keys.epoch(0))
        assert await here.functions.compare(0)
        return await select(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(queries, "select_closed", begin_epoch_first)
        assert await Hydrator(here.redis, here.db, here.functions, 1).hydrate(project_id)
    assert not await here.redis.exists(keys.tally(0, project_id))
