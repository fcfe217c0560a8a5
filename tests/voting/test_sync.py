"""Tallies from Redis reach the projects table, and a mark is cleared only when the row is current."""

import asyncio

from app.voting import keys
from app.voting.sync import sync_tallies
from app.voting.votes import Vote


async def synced(db, project_id: int) -> tuple[int, int, int]:
    row = await db.fetchrow(
        "SELECT upvotes, downvotes, vote_version FROM projects WHERE id = $1", project_id
    )
    return tuple(row)


async def test_sync_writes_the_live_tally_and_clears_the_mark(batcher, board, redis, db, functions):
    project_id, users = await board.project(), await board.users(3)
    for user, value in zip(users, (1, 1, -1), strict=True):
        await batcher.cast(Vote(project_id, user.id, value))
    await sync_tallies(redis, db, functions, 0)
    assert await synced(db, project_id) == (2, 1, 3)
    assert await redis.hget(keys.changed(0), project_id) is None


async def test_a_vote_between_read_and_clear_synced_stays_marked(
    batcher, board, redis, db, functions, monkeypatch
):
    project_id, users = await board.project(), await board.users(2)
    await batcher.cast(Vote(project_id, users[0].id, 1))
    clear_synced = functions.clear_synced

    async def vote_first(*arguments):
        await batcher.cast(Vote(project_id, users[1].id, -1))
        return await clear_synced(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(functions, "clear_synced", vote_first)
        await sync_tallies(redis, db, functions, 0)
    assert await synced(db, project_id) == (1, 0, 1)
    assert await redis.hget(keys.changed(0), project_id) == b"2"
    await sync_tallies(redis, db, functions, 0)
    assert await synced(db, project_id) == (1, 1, 2)


async def test_two_workers_at_once_sync_the_same(batcher, board, redis, db, functions):
    projects, users = [await board.project() for _ in range(20)], await board.users(5)
    await asyncio.gather(*[batcher.cast(Vote(p, user.id, 1)) for p in projects for user in users])
    await asyncio.gather(*[sync_tallies(redis, db, functions, 0) for _ in range(4)])
    assert {await synced(db, project_id) for project_id in projects} == {(5, 0, 5)}


async def test_an_older_tally_never_replaces_a_newer_one(batcher, board, redis, db, functions):
    project_id, user = await board.project(), await board.user()
    await batcher.cast(Vote(project_id, user.id, 1))
    await db.execute("UPDATE projects SET upvotes = 9, vote_version = 9 WHERE id = $1", project_id)
    await sync_tallies(redis, db, functions, 0)
    assert await synced(db, project_id) == (9, 0, 9)


async def test_a_mark_that_no_tally_can_reach_is_cleared(batcher, board, redis, db, functions):
    project_id, user = await board.project(), await board.user()
    await batcher.cast(Vote(project_id, user.id, 1))
    await redis.hset(keys.changed(0), project_id, 7)
    await sync_tallies(redis, db, functions, 0)
    assert await redis.hget(keys.changed(0), project_id) is None


async def test_a_sync_clears_more_marks_than_one_call_does(
    batcher, board, redis, db, functions, monkeypatch
):
    monkeypatch.setattr("app.voting.sync.MAX_CLEARED", 2)
    author = await board.user()
    project_ids = [await board.project(author) for _ in range(5)]
    for project_id in project_ids:
        await batcher.cast(Vote(project_id, author.id, 1))
    await sync_tallies(redis, db, functions, 0)
    assert await redis.hmget(keys.changed(0), project_ids) == [None] * 5
