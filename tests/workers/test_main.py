"""The worker process goes on whatever its servers do."""

import pytest

from app.operations.ops.heartbeat import read_heartbeats
from app.services import open_services
from app.voting import keys
from app.voting.votes import Vote
from tests.processes import running, running_web
from tests.waiting import until
from workers.schedule import steady


async def test_a_redis_without_memory_is_still_persisted(settings, board, batcher, redis):
    project_id, users = await board.project(), await board.users(5)
    async with running("worker", settings):
        for user in users:
            await batcher.cast(Vote(project_id, user.id, 1))
        await redis.config_set("maxmemory", 1)
        try:

            async def persisted():
                return len(await board.votes(project_id)) == 5

            await until(persisted, "for the events")
        finally:
            await redis.config_set("maxmemory", 0)


async def test_two_workers_at_once_persist_each_event_once(settings, board, batcher, redis):
    project_id, users = await board.project(), await board.users(50)
    async with running("worker", settings), running("worker", settings):

        async def both_run():
            told = [presence.role for presence in await read_heartbeats(redis)]
            return told.count("worker") >= 2

        async def drained():
            return not await redis.xlen(keys.events(0))

        await until(both_run, "for the workers")
        for some in (users[:25], users[25:]):
            for user in some:
                await batcher.cast(Vote(project_id, user.id, 1))
            await until(drained, "for the events")
    versions = [event["version"] for event in await board.events(project_id)]
    assert versions == list(range(1, 51))


async def test_a_server_that_stays_away_is_told_once_a_minute_and_when_it_is_back(settings, capsys):
    away = True

    async def persist_nothing(_: object) -> None:
        if away:
            raise ConnectionRefusedError("nobody there")

    async with open_services(settings) as services:
        context = {"services": services, "busy": set()}
        for _ in range(3):
            await steady(persist_nothing)(context)
        away = False
        for _ in range(2):
            await steady(persist_nothing)(context)
        await services.redis.delete(keys.METRICS_WORKER)
    told = capsys.readouterr().out
    assert told.count("each run tries again") == 1
    assert "server=PostgreSQL" in told
    assert told.count("the server is back") == 1


@pytest.mark.long
async def test_a_database_without_a_schema_is_a_line_of_the_log(settings, capfd):
    """For web and worker, which wait for it."""
    empty = settings.database_url.replace("/upvote?", "/postgres?")
    async with (
        running_web(settings, database_url=empty),
        running("worker", settings, database_url=empty),
    ):
        said = ""

        def told() -> bool:
            nonlocal said
            said += "".join(capfd.readouterr())
            return said.count("the database has no schema yet: run upvote migrate") == 2

        await until(told, "for the lines of the log")
    assert "Traceback" not in said + "".join(capfd.readouterr())
