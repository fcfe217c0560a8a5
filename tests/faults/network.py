"""A board of real processes that reach PostgreSQL and Redis through proxies, one pair a process."""

from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from app import data_paths
from app.storage.migrate import migrate
from tests.chaos.program import Program
from tests.chaos.stack import Stack, end, make_stack
from tests.faults.tcp_proxy import TcpProxy
from tests.servers import RunningServer

DATABASE = "postgresql://postgres@127.0.0.1:{port}/upvote"
REDIS = "redis://127.0.0.1:{port}"


@dataclass(frozen=True)
class Links:
    """One process' ways to its servers."""

    redis: TcpProxy
    postgres: TcpProxy

    @property
    def urls(self) -> dict[str, str]:
        """The settings of a process that takes these ways."""
        return {
            "database_url": DATABASE.format(port=self.postgres.port),
            "redis_url": REDIS.format(port=self.redis.port),
        }

    def black_hole(self) -> None:
        self.postgres.black_hole()
        self.redis.black_hole()

    def heal(self) -> None:
        self.postgres.heal()
        self.redis.heal()


@asynccontextmanager
async def linked(valkey: RunningServer, postgres: RunningServer) -> AsyncIterator[Links]:
    """Yield ways to the servers of the tests."""
    directory = Path(postgres.url.split("host=")[1])
    async with (
        TcpProxy(Path(valkey.url.removeprefix("unix://"))) as redis,
        TcpProxy(directory / ".s.PGSQL.5432") as database,
    ):
        yield Links(redis, database)


@dataclass(frozen=True)
class Network:
    stack: Stack
    links: dict[str, Links]  # by the name of the program

    def redis(self, *programs: Program) -> list[TcpProxy]:
        """Return the ways of these programs, or of all, to Redis."""
        return [links.redis for links in self._of(programs)]

    def postgres(self, *programs: Program) -> list[TcpProxy]:
        """Return the ways of these programs, or of all, to PostgreSQL."""
        return [links.postgres for links in self._of(programs)]

    def heal(self) -> None:
        for links in self.links.values():
            links.heal()

    def _of(self, programs: Iterable[Program]) -> list[Links]:
        names = [program.name for program in programs] or list(self.links)
        return [self.links[name] for name in names]


@asynccontextmanager
async def running_network(data_dir: Path, **wanted: object) -> AsyncIterator[Network]:
    """Yield a migrated board with all processes running, and end them afterwards."""
    stack = make_stack(data_dir, **wanted)  # type: ignore[arg-type]
    links: dict[str, Links] = {}
    try:
        async with AsyncExitStack() as proxies:
            for program in (*stack.webs.values(), *stack.workers):
                link = links[program.name] = Links(
                    await proxies.enter_async_context(TcpProxy(redis_socket(data_dir))),
                    await proxies.enter_async_context(TcpProxy(postgres_socket(data_dir))),
                )
                program.configure(**link.urls)
            await stack.start_servers()
            migrate(stack.settings)
            await stack.start_upvote()
            try:
                yield Network(stack, links)
            finally:
                for link in links.values():
                    link.heal()
                end_upvote(stack)
    finally:
        end(stack)


def end_upvote(stack: Stack) -> None:
    """End webs and workers. Their connections run through this event loop, so they are killed."""
    for program in (*stack.webs.values(), *stack.workers):
        if program.runs:
            program.resume()
            program.kill9()


def redis_socket(data_dir: Path) -> Path:
    return data_paths.run_dir(data_dir) / "valkey" / "valkey.sock"


def postgres_socket(data_dir: Path) -> Path:
    return data_paths.run_dir(data_dir) / "postgres" / ".s.PGSQL.5432"
