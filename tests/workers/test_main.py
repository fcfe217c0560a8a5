"""The worker process keeps running while its servers are away or out of memory."""

import math

import pytest

from app.operations.ops.heartbeat import read_heartbeats
from app.services import open_services
from app.storage.outages import outages
from app.voting import keys
from app.voting.votes import Vote
from tests.processes import running, running_web
from tests.waiting import until
from workers.schedule import resilient


async def test_the_worker_frees_the_memory_of_a_full_redis(settings, board, batcher, redis, db):
    """Events and tallies are stored in PostgreSQL first."""
    project_id, users = await board.project(), await board.users(5)
    async with running("worker", settings):
        for user in users:
            await batcher.cast(Vote(project_id, user.id, 1))
        await redis.config_set("maxmemory", 1)
        try:

            async def is_freed():
                names = (keys.tally(0, project_id), keys.votes(0, project_id))
                return await redis.exists(*names) + await redis.xlen(keys.events(0)) == 0

            await until(is_freed, "for the memory")
        finally:
            await redis.config_set("maxmemory", 0)
    assert len(await board.votes(project_id)) == 5
    assert await db.fetchval("SELECT upvotes FROM projects WHERE id = $1", project_id) == 5


async def test_two_workers_at_once_persist_each_event_once(settings, board, batcher, redis):
    project_id, users = await board.project(), await board.users(50)
    async with running("worker", settings), running("worker", settings):

        async def both_run():
            roles = [heartbeat.role for heartbeat in await read_heartbeats(redis)]
            return roles.count("worker") >= 2

        async def drained():
            return not await redis.xlen(keys.events(0))

        await until(both_run, "for the workers")
        for voters in (users[:25], users[25:]):
            for user in voters:
                await batcher.cast(Vote(project_id, user.id, 1))
            await until(drained, "for the events")
    versions = [event["version"] for event in await board.events(project_id)]
    assert versions == list(range(1, 51))


async def test_an_absent_server_is_logged_once_for_all_jobs_and_when_it_is_back(
    settings, capsys, monkeypatch
):
    monkeypatch.setattr(outages, "away", {})
    away = True

    async def persist_nothing(_: object) -> None:
        if away:
            raise ConnectionRefusedError("no server")

    async def sync_nothing(_: object) -> None:
        await persist_nothing(_)

    async def run_both(context: dict) -> None:
        for job in (persist_nothing, sync_nothing):
            await resilient(job)(context)

    async with open_services(settings) as services:
        context = {"services": services, "busy": set()}
        for _ in range(3):
            await run_both(context)
        away = False
        for _ in range(2):
            await run_both(context)
        await services.redis.delete(keys.METRICS_WORKER)
    output = capsys.readouterr().out
    assert output.count("the jobs retry at their next run") == 1
    assert "server=PostgreSQL" in output
    assert output.count("the server is back") == 1


async def test_an_outage_that_a_client_has_logged_is_not_logged_by_jobs_too(
    settings, capsys, monkeypatch
):
    monkeypatch.setattr(outages, "away", {"PostgreSQL": math.inf})  # no call brings it back

    async def fail(_: object) -> None:
        raise ConnectionRefusedError("no server")

    async with open_services(settings) as services:
        await resilient(fail)({"services": services, "busy": set()})
        await services.redis.delete(keys.METRICS_WORKER)
    assert "is away" not in capsys.readouterr().out


@pytest.mark.long
async def test_web_and_worker_log_one_line_if_the_database_has_no_schema(settings, capfd):
    """Both keep running and wait for the schema."""
    empty = settings.database_url.replace("/upvote?", "/postgres?")
    async with (
        running_web(settings, database_url=empty),
        running("worker", settings, database_url=empty),
    ):
        output = ""

        def logged() -> bool:
            nonlocal output
            output += "".join(capfd.readouterr())
            return output.count("the database has no schema yet: run upvote migrate") == 2

        await until(logged, "for the lines of the log")
    assert "Traceback" not in output + "".join(capfd.readouterr())
