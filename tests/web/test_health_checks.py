"""Health checks use an IP address, whatever names the board answers to."""

import asyncio
import os
import sys

from app.launcher.wait_for import wait_for_web
from tests.http import Connection
from tests.processes import running_web


async def test_health_checks_reach_a_board_that_answers_to_other_names_only(settings):
    async with running_web(settings, allowed_hosts="board.example.org, localhost") as port:
        # The check of `upvote serve`, then that of the containers.
        await asyncio.to_thread(wait_for_web, f"http://127.0.0.1:{port}", lambda: None)
        check = (sys.executable, "-m", "app.server.health_check")
        process = await asyncio.create_subprocess_exec(*check, env=os.environ | {"PORT": str(port)})
        assert await process.wait() == 0
        async with Connection(port) as connection:
            for path in ("/healthz", "/readyz", "/metrics"):
                assert (await connection.get(path)).status == 200, path
            assert (await connection.get("/")).status == 400
