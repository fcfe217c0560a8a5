"""Real web processes that hang are replaced, and end in time."""

import asyncio
import sys
import time

import psutil
import pytest

from app.settings import Settings
from tests.faults.network import linked
from tests.ports import free_port
from tests.processes import environment, until_alive, workers_of
from tests.servers import RunningServer
from tests.waiting import CEILING, until

pytestmark = pytest.mark.long

PATCHED = "import app.server.hang_watch as w; w.HUNG_SECONDS = 2; from app.commands import main; main()"


async def test_a_stopped_process_is_replaced_while_the_other_serves(settings: Settings):
    port = free_port()
    web = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-c", PATCHED, "web"),
        env=environment(settings, port=port, web_workers=2),
    )
    try:
        await until_alive(port)
        await until(lambda: len(workers_of(web.pid)) == 2, "for both processes")
        before = workers_of(web.pid)
        hung, good = sorted(before)
        psutil.Process(hung).suspend()
        await until(lambda: len(workers_of(web.pid)) == 2 and hung not in workers_of(web.pid))
        assert good in workers_of(web.pid)
        await until_alive(port)
        web.terminate()
        assert await asyncio.wait_for(web.wait(), CEILING) == 0
    finally:
        if web.returncode is None:
            web.kill()


@pytest.mark.parametrize("when", ["as it starts", "as it works", "with stopped processes"])
async def test_web_ends_while_everything_hangs(
    valkey: RunningServer, postgres: RunningServer, settings: Settings, when: str
):
    port = free_port()
    async with linked(valkey, postgres) as links:
        if when == "as it starts":
            links.black_hole()
        web = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "app.commands", "web"),
            env=environment(settings, port=port, web_workers=2, **links.urls),
        )
        try:
            if when == "as it starts":
                await until(lambda: workers_of(web.pid), "for a process")
            else:
                await until_alive(port)
            links.black_hole()
            if when == "with stopped processes":
                for process in workers_of(web.pid):
                    psutil.Process(process).suspend()
            left = workers_of(web.pid)
            asked = time.monotonic()
            web.terminate()
            await asyncio.wait_for(web.wait(), CEILING)
            print(f"{when}: {time.monotonic() - asked:.1f} s")
            assert time.monotonic() - asked < CEILING / 4
            await until(lambda: not any(psutil.pid_exists(process) for process in left))
        finally:
            if web.returncode is None:
                web.kill()
