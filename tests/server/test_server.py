"""`upvote web` replaces its processes, however often they end."""

import signal

import asyncpg
import psutil
import pytest

from app.settings import Settings
from app.storage.migrate import migrate
from tests.ports import free_port
from tests.processes import running, until_alive, workers_of
from tests.waiting import until


async def test_web_replaces_its_process_when_it_dies_twice_in_a_row(settings: Settings):
    port = free_port()
    async with running("web", settings, port=port) as pid:
        await until_alive(port)
        for _ in range(2):
            dead = workers_of(pid)
            for process in dead:
                psutil.Process(process).kill()
            await until(lambda old=dead: workers_of(pid) - old)
        await until_alive(port)
        assert psutil.Process(pid).is_running()


@pytest.mark.long
async def test_a_successor_on_an_older_schema_does_not_take_over(
    second_board: Settings, capfd: pytest.CaptureFixture[str]
):
    migrate(second_board)
    port, output = free_port(), ""
    async with running("web", second_board, port=port) as pid:
        await until_alive(port)
        serving = workers_of(pid)
        db = await asyncpg.connect(second_board.database_url)
        await db.execute("DELETE FROM schema_migrations WHERE version = '0030'")
        await db.close()
        psutil.Process(pid).send_signal(signal.SIGHUP)

        def is_logged() -> bool:
            nonlocal output
            output += "".join(capfd.readouterr())
            return "the old one goes on" in output

        await until(is_logged)
        assert "lacks 0030: run upvote migrate" in output
        assert workers_of(pid) == serving
