"""Runs the faults one after another on one busy board, and makes a row of each for the table."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
from redis.asyncio import Redis

from tests.chaos.check import Verdict, judge
from tests.chaos.clients import Crowd, invite
from tests.chaos.history import Intent
from tests.chaos.ledger import read_ledger
from tests.chaos.run import connections, nothing_waits
from tests.chaos.stack import until
from tests.faults.network import Network, running_network
from tests.faults.readers import Read, Readers, invite_readers, slowest

FAULT_SECONDS = 8.0
LONGEST_ANSWER = 2.0  # s
LONGEST_RECOVERY = 5.0  # s


@dataclass
class Row:
    """What happened during one fault."""

    name: str
    votes: list[Intent] = field(default_factory=list)
    reads: list[Read] = field(default_factory=list)
    recovered: float = 0.0  # s until votes, pages and the worker were as before
    verdict: Verdict = field(default_factory=Verdict)
    tracebacks: int = 0  # in the logs of all processes
    logged: bytes = b""  # by all processes

    @property
    def slowest(self) -> float:
        """The longest time to an answer (s), of votes and of everything else."""
        votes = [intent.answered - intent.sent for intent in self.votes if intent.answered]
        return max([*votes, *slowest(self.reads).values()], default=0.0)

    @property
    def statuses(self) -> Counter[int]:
        return Counter([intent.status for intent in self.votes] + [read.status for read in self.reads])

    def problems(self, idle: "Row") -> list[str]:
        """Return what is not as it has to be; `idle` is the row without a fault."""
        wanted = {
            f"lost {self.verdict.broken['lost']}": not self.verdict.broken["lost"],
            f"doubled {self.verdict.broken['doubled']}": not self.verdict.broken["doubled"],
            f"answers of 500: {self.statuses[500]}": not self.statuses[500],
            f"longest answer {self.slowest:.1f} s": self.slowest <= LONGEST_ANSWER + idle.slowest,
            f"recovery {self.recovered:.1f} s": self.recovered <= LONGEST_RECOVERY + idle.recovered,
            f"tracebacks {self.tracebacks}": not self.tracebacks,
            f"rules broken: {dict(self.verdict.broken)}": self.verdict.good,
        }
        return [what for what, holds in wanted.items() if not holds]

    def __str__(self) -> str:
        broken, statuses = self.verdict.broken, self.statuses
        return (
            f"{self.name:40} {broken['lost']:5} {broken['doubled']:8} {self.slowest:8.1f} s"
            f" {statuses[500]:5} {statuses[503]:5} {statuses.total():8} {self.recovered:9.1f} s"
            f" {len(self.logged) / 1024:7.0f} kB  {self._slowest_kinds()}"
        )

    def _slowest_kinds(self) -> str:
        """Return the requests that took longest, the slowest first."""
        by_kind = sorted(slowest(self.reads).items(), key=lambda item: -item[1])
        return ", ".join(f"{kind} {seconds:.1f}" for kind, seconds in by_kind[:3])


HEAD = f"{'fault':40}  lost  doubled  longest    500   503  answers  recovered    logged  slowest"


@dataclass
class Busy:
    """The board, those who use it, and connections of the harness that no fault touches."""

    network: Network
    crowd: Crowd
    readers: Readers
    db: asyncpg.Pool
    redis: Redis

    async def until_persisted(self) -> None:
        """Wait until a vote that is acknowledged from now on is in PostgreSQL."""
        first = len(self.crowd.history)

        async def persisted() -> bool:
            for intent in self.crowd.acknowledged(first):
                if intent.version:
                    found = await self.db.fetchval(
                        "SELECT max(version) FROM vote_events WHERE project_id = $1", intent.project_id
                    )
                    return bool(found and found >= intent.version)
            return False

        await until(persisted, "for a vote in PostgreSQL")

    async def until_as_before(self) -> float:
        """Wait until requests of every kind, votes and the worker work; return how long it took (s)."""
        begun = time.monotonic()
        await asyncio.gather(self.readers.until_all_answered(), self.until_persisted())
        return time.monotonic() - begun


@asynccontextmanager
async def busy_network(data_dir: Path, **wanted: object) -> AsyncIterator[Busy]:
    """Yield a board with everything on it that the faults need."""
    # The limit on sign-ins is counted, but never reached.
    options: dict[str, object] = {"appendfsync": "everysec", "auth_limit_max": 100_000}
    async with (
        running_network(data_dir, **options | wanted) as network,
        connections(network.stack.settings) as (db, redis),
    ):
        crowd = await invite(network.stack, db, pause=0.1)
        yield Busy(network, crowd, await invite_readers(db, crowd), db, redis)


During = Callable[[Busy], Awaitable[None]]


async def run_fault(busy: Busy, name: str, during: During) -> Row:
    """Let the fault happen for FAULT_SECONDS under load; return its row."""
    row, sizes = Row(name), _log_sizes(busy.network)
    async with busy.crowd.voting(), busy.readers.reading():
        await busy.until_as_before()
        votes, reads = len(busy.crowd.history), len(busy.readers.reads)
        await during(busy)
        row.recovered = await busy.until_as_before()
        row.votes, row.reads = busy.crowd.history[votes:], busy.readers.reads[reads:]
    await until(nothing_waits(busy.redis), "for events and tallies")
    judge(
        row.verdict,
        busy.crowd.history,
        await read_ledger(busy.db, busy.redis, busy.crowd.project_ids),
    )
    logged = [log.read_bytes()[size:] for log, size in sizes.items()]
    row.logged = b"".join(logged)
    row.tracebacks = row.logged.count(b"Traceback (most recent call last)")
    return row


def _log_sizes(network: Network) -> dict[Path, int]:
    programs = [*network.stack.webs.values(), *network.stack.workers]
    return {program.log: program.log.stat().st_size for program in programs}


async def make_table(data_dir: Path, names: Sequence[str]) -> list[Row]:
    """Run the named faults of FAULTS after a row without one; print and return the rows."""
    from tests.faults.faults import FAULTS, NOTHING

    rows = []
    async with busy_network(data_dir) as busy:
        print(HEAD)
        for name in [NOTHING, *names]:
            rows.append(await run_fault(busy, name, FAULTS[name].during))
            print(rows[-1], flush=True)
    return rows
