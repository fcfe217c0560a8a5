"""Start and inspect `upvote web` and `upvote worker`, as an operator would start them."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import psutil

from app.settings import Settings
from tests.hidden import PYTHONPATH
from tests.http import Connection
from tests.ports import free_port
from tests.waiting import CEILING, until


def environment(settings: Settings, **changes: object) -> dict[str, str]:
    """Return the environment of a child with these settings; `changes` are settings by name."""
    wanted = {
        "database_url": settings.database_url,
        "redis_url": settings.redis_url,
        "secret_key": settings.secret_key,
        "auth_limit_max": settings.auth_limit_max,
        "register_limit_max": settings.register_limit_max,
        "submit_limit_max": settings.submit_limit_max,
        **changes,
    }
    variables = {name.upper(): str(value) for name, value in wanted.items()}
    return os.environ | {"PYTHONPATH": PYTHONPATH} | variables


@asynccontextmanager
async def running(command: str, settings: Settings, **changes: object) -> AsyncIterator[int]:
    """Run `upvote COMMAND` with these settings; yields its process id, and ends it with SIGINT."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "app.commands", command, env=environment(settings, **changes)
    )
    try:
        yield process.pid
    finally:
        await asyncio.wait_for(end(process), CEILING)


async def end(process: asyncio.subprocess.Process) -> None:
    """Send SIGINT until the process has ended.

    One that has just begun does not listen yet, and ignores it where a shell runs the tests in the
    background.
    """
    while process.returncode is None:
        with contextlib.suppress(ProcessLookupError):  # a test may have killed it
            process.send_signal(signal.SIGINT)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), 5)


@asynccontextmanager
async def running_web(settings: Settings, **changes: object) -> AsyncIterator[int]:
    """Run `upvote web` on a free port; yields the port when it answers."""
    port = free_port()
    async with running("web", settings, port=port, **changes):
        await until_alive(port)
        yield port


async def until_alive(port: int) -> None:
    """Return when the web answers /healthz on the port."""
    await until_answered(port, "/healthz")


async def until_answered(port: int, path: str) -> None:
    """Return when the web answers the path with 200."""

    async def answers() -> bool:
        with contextlib.suppress(OSError, EOFError):
            async with Connection(port) as connection:
                return (await connection.get(path)).status == 200
        return False

    await until(answers, f"for {path} on port {port}")


def workers_of(pid: int) -> set[int]:
    """Return the ids of the serving processes of `upvote web`, without multiprocessing's helper."""
    found = set()
    for child in psutil.Process(pid).children():
        with contextlib.suppress(psutil.Error):
            if "spawn_main" in " ".join(child.cmdline()):
                found.add(child.pid)
    return found
