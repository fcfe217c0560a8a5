"""A complete board as processes on 127.0.0.1: PostgreSQL, Valkey, webs and workers."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import redis
from redis.asyncio import Redis

from app import data_paths
from app.launcher import postgres, valkey
from app.launcher.role_command import command
from app.launcher.run_dir import make_run_dir
from app.settings import Settings, load_settings
from app.storage.migrate import migrate
from tests import waiting
from tests.chaos.program import Program
from tests.http import Connection
from tests.ports import free_port
from tests.waiting import CEILING

ATTEMPT_SECONDS = CEILING / 10  # of one question to a server that may hang; then it is asked again
SECRET = "a secret of the tests only"
# No limits, so that every vote counts; short intervals, so that a persist runs every second.
SETTINGS = {"rate_limit_max": 0, "account_limit_max": 0, "persist_interval": 1, "sync_interval": 2}
AWAY = (
    OSError,
    EOFError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    redis.RedisError,
)

Condition = Callable[[], Awaitable[bool]]


@dataclass(frozen=True)
class Stack:
    data_dir: Path
    settings: Settings
    postgres: Program
    valkey: Program
    webs: dict[int, Program]  # by port
    workers: list[Program]

    @property
    def programs(self) -> list[Program]:
        return [self.postgres, self.valkey, *self.workers, *self.webs.values()]

    async def start_servers(self) -> None:
        await asyncio.gather(self.bring_up(self.postgres), self.bring_up(self.valkey))

    async def start_upvote(self) -> None:
        """Start the webs and workers that do not run; return when the webs answer."""
        for program in (*self.workers, *self.webs.values()):
            if not program.runs:
                program.start()
        await asyncio.gather(*[until(lambda port=port: alive(port)) for port in self.webs])

    async def bring_up(self, server: Program) -> None:
        """Start a server, and again until it answers: a killed PostgreSQL starts only after its last
        child has ended.
        """
        ask = self._ask_postgres if server is self.postgres else self._ask_valkey

        async def answers() -> bool:
            if not server.runs:
                server.start()
            return await ask()

        await until(answers)

    async def _ask_postgres(self) -> bool:
        connection = await asyncpg.connect(
            self.settings.database_url, database="postgres", timeout=ATTEMPT_SECONDS
        )
        await connection.close(timeout=ATTEMPT_SECONDS)
        return True

    async def _ask_valkey(self) -> bool:
        patience = {"socket_timeout": ATTEMPT_SECONDS, "socket_connect_timeout": ATTEMPT_SECONDS}
        async with Redis.from_url(self.settings.redis_url or "", **patience) as client:
            return bool(await client.ping())


async def alive(port: int) -> bool:
    async with Connection(port, seconds=ATTEMPT_SECONDS) as connection:
        return (await connection.get("/healthz")).status == 200


async def until(condition: Condition, what: str = "") -> float:
    """Wait for a condition, also while servers are away; return how many seconds it took."""
    loop = asyncio.get_running_loop()
    start = loop.time()

    async def holds() -> bool:
        with contextlib.suppress(*AWAY):
            return await condition()
        return False

    await waiting.until(holds, what)
    return loop.time() - start


def make_stack(
    data_dir: Path,
    webs: int = 2,
    workers: int = 2,
    appendfsync: str = "always",
    persistent: bool = True,
    **changes: object,
) -> Stack:
    """Return a stack that is not started, with its data under data_dir; `changes` are settings."""
    make_run_dir(data_dir)
    postgres.prepare(data_dir)
    valkey.prepare(data_dir)
    settings = load_settings(
        database_url=data_paths.database_url(data_dir),
        redis_url=data_paths.redis_url(data_dir),
        secret_key=SECRET,
    )
    logs = data_dir / "log"
    logs.mkdir(exist_ok=True)
    addresses = {name: getattr(settings, name) for name in ("database_url", "redis_url", "secret_key")}
    variables = {"data_dir": data_dir, **SETTINGS, **addresses, **changes}

    def program(name: str, launch: list[str], **more: object) -> Program:
        return Program(name, launch, logs, **variables, **more)

    ports = [free_port() for _ in range(webs)]
    volatile = [sys.executable, "-m", "tests.chaos.volatile_valkey"]
    return Stack(
        data_dir,
        settings,
        program("postgres", command("postgres")),
        program("valkey", command("valkey", appendfsync) if persistent else volatile),
        {port: program(f"web{n}", command("web"), port=port) for n, port in enumerate(ports)},
        [program(f"worker{n}", command("worker")) for n in range(workers)],
    )


@asynccontextmanager
async def running_stack(data_dir: Path, **wanted: object) -> AsyncIterator[Stack]:
    """Yield a migrated stack with all processes running, and end them afterwards."""
    stack = make_stack(data_dir, **wanted)  # type: ignore[arg-type]
    try:
        await stack.start_servers()
        migrate(stack.settings)
        await stack.start_upvote()
        yield stack
    finally:
        end(stack)


def end(stack: Stack) -> None:
    """End every process of the stack, clients before their servers."""
    for web in stack.webs.values():
        web.ask_to_end(signal.SIGINT)  # without a drain
    for worker in stack.workers:
        worker.ask_to_end()
    for program in (*stack.webs.values(), *stack.workers, stack.valkey):
        program.end()
    stack.postgres.end(signal.SIGINT)
