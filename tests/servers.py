"""Temporary PostgreSQL and Valkey servers, started by the launcher's code, for tests that break them.

Start them from the main thread: Linux ends a child when the thread that started it ends.
"""

import asyncio
import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Self

import asyncpg
import redis

from app import data_paths
from app.launcher import postgres, valkey
from app.launcher.role_command import command
from app.launcher.run_dir import make_run_dir
from app.server.parent import environment_for_children
from tests.waiting import CEILING, block_until

ATTEMPT_SECONDS = CEILING / 10  # for one question to a server that may hang, before the next attempt
# Tests kill processes but do not cut the power, so writes survive in the kernel without fsync.
NO_FSYNC = "\nfsync = off\nfull_page_writes = off\n"


class RunningServer:
    """A server process, which `with` stops. URL and data stay the same across kill9() and restart()."""

    def __init__(
        self, url: str, launch: list[str], data_dir: Path, ask: Callable[[str], None], end: int
    ) -> None:
        self.url = url
        self._launch, self._data_dir, self._ask, self._end = launch, data_dir, ask, end
        self._log = (data_dir / f"{launch[-1]}.log").open("ab")
        self.restart()

    @property
    def pid(self) -> int:
        """The process id of the server."""
        return self._process.pid

    def kill9(self) -> None:
        """Kill the server, like a crash."""
        self._process.kill()
        self._process.wait(CEILING)

    def restart(self) -> None:
        """Start the server after kill9() or halt(); returns when it answers."""
        self._start()
        block_until(self._is_up, f"for an answer from {self._launch}: {self._log.name}", every=0.02)

    def halt(self) -> None:
        """Shut the server down; restart() starts it again."""
        if self._process.poll() is None:
            self._process.send_signal(self._end)
        self._process.wait(CEILING)

    def pause(self) -> None:
        """Make the server hang: connections stay open, but nothing is answered."""
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Undo pause()."""
        self._process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """Shut the server down and clean up."""
        self.resume()
        self.halt()
        self._log.close()
        _remove_run_dir(self._data_dir)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _start(self) -> None:
        environment = environment_for_children(DATA_DIR=str(self._data_dir))
        self._process = subprocess.Popen(
            self._launch, env=environment, stdout=self._log, stderr=self._log, process_group=0
        )

    def _is_up(self) -> bool:
        if self._answers():
            return True
        # A new postmaster ends at once while children of the killed one still run.
        if self._process.poll() is not None:
            self._start()
        return False

    def _answers(self) -> bool:
        try:
            self._ask(self.url)
        except (OSError, asyncpg.PostgresError, redis.RedisError):
            return False
        return True


def start_postgres(data_dir: Path) -> RunningServer:
    """Start a PostgreSQL with its data under data_dir; migrate() creates the database of its `url`."""
    make_run_dir(data_dir)
    postgres.prepare(data_dir)
    with (data_dir / "postgres" / "postgresql.conf").open("a") as conf:
        conf.write(NO_FSYNC)
    url = data_paths.database_url(data_dir)
    return RunningServer(url, command("postgres"), data_dir, _ask_postgres, signal.SIGINT)


def start_valkey(data_dir: Path, appendfsync: str = "everysec") -> RunningServer:
    """Start a Valkey with its data under data_dir."""
    make_run_dir(data_dir)
    valkey.prepare(data_dir)
    url = data_paths.redis_url(data_dir)
    launch = command("valkey", appendfsync)
    return RunningServer(url, launch, data_dir, _ask_valkey, signal.SIGTERM)


def _ask_postgres(url: str) -> None:
    async def connect() -> None:
        connection = await asyncpg.connect(url, database="postgres", timeout=ATTEMPT_SECONDS)
        await connection.close(timeout=ATTEMPT_SECONDS)

    # In a thread, because the event loop of a test may be running in this one.
    _in_thread(lambda: asyncio.run(connect()))


def _ask_valkey(url: str) -> None:
    timeouts = {"socket_timeout": ATTEMPT_SECONDS, "socket_connect_timeout": ATTEMPT_SECONDS}
    with redis.Redis.from_url(url, **timeouts) as client:
        client.ping()


def _in_thread(work: Callable[[], None]) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as pool:
        pool.submit(work).result()


def _remove_run_dir(data_dir: Path) -> None:
    """Remove the run directory if it is in /tmp because data_dir is too long for a socket."""
    run_dir = data_paths.run_dir(data_dir)
    sockets = (run_dir / "postgres" / ".s.PGSQL.5432", run_dir / "valkey" / "valkey.sock")
    if data_dir not in run_dir.parents and not any(map(os.path.exists, sockets)):
        shutil.rmtree(run_dir, ignore_errors=True)
