"""`upvote web` survives its own processes: it replaces them, however often they end."""

import psutil

from app.settings import Settings
from tests.deploy.test_restart import until, workers_of
from tests.processes import free_port, running, until_alive


async def test_web_outlives_a_process_that_dies_twice_in_a_row(settings: Settings):
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
