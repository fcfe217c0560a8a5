"""The worker process goes on whatever its servers do."""

import asyncio

from app.voting import keys
from app.voting.votes import Vote
from tests.processes import running


async def until(condition, seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while not await condition():
            await asyncio.sleep(0.1)


async def test_a_redis_without_memory_is_still_persisted(settings, board, desk, redis):
    project_id, users = await board.project(), await board.users(5)
    async with running("worker", settings):
        for user in users:
            await desk.cast(Vote(project_id, user.id, 1))
        await redis.config_set("maxmemory", 1)
        try:

            async def persisted():
                return len(await board.votes(project_id)) == 5

            await until(persisted, 15)
        finally:
            await redis.config_set("maxmemory", 0)


async def test_two_workers_at_once_persist_each_event_once(settings, board, desk, redis):
    project_id, users = await board.project(), await board.users(50)
    async with running("worker", settings), running("worker", settings):
        for user in users:
            await desk.cast(Vote(project_id, user.id, 1))
            await asyncio.sleep(0.05)

        async def drained():
            return not await redis.xlen(keys.events(0))

        await until(drained, 10)
    versions = [event["version"] for event in await board.events(project_id)]
    assert versions == list(range(1, 51))
