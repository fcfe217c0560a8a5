"""One run: load, faults, waiting until nothing is left to do, and the verdict."""

import asyncio
import math
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
from redis.asyncio import Redis

from app.commands import COMMANDS
from app.settings import Settings
from app.storage.connections import open_database, open_redis
from app.voting import keys
from tests.chaos.check import Verdict, Window, judge
from tests.chaos.clients import Crowd, invite
from tests.chaos.faults import Fault, FaultInjector
from tests.chaos.history import Intent, Outcome
from tests.chaos.ledger import read_ledger
from tests.chaos.stack import Condition, running_stack, until
from tests.processes import environment
from tests.waiting import CEILING, COMMAND_CEILING

# With `everysec` Valkey answers before it writes while an fsync runs, for at most this time.
POSTPONED_SECONDS = 2.0


@dataclass(frozen=True)
class Report:
    """The numbers and the verdict of a run."""

    seed: int
    kills: Counter[str]
    stops: Counter[str]
    history: list[Intent]
    recovered: float  # s from the last fault until every web took votes
    drained: float  # s from the last vote until nothing waited
    verdict: Verdict

    def __str__(self) -> str:
        outcomes = Counter(intent.outcome for intent in self.history)
        counts = ", ".join(f"{outcomes[outcome]} {outcome}" for outcome in Outcome)
        broken = self.verdict.broken
        lines = [
            f"seed {self.seed}: {len(self.history)} intents: {counts}",
            f"  killed {self.kills.total()}: {_list(self.kills)}; stopped {_list(self.stops)}",
            f"  answers: {_speed(self.history)}; votes again after {self.recovered:.1f} s,"
            f" drained after {self.drained:.1f} s",
            f"  acknowledged and lost {broken['lost']}, counted twice {broken['doubled']}"
            + (f", owed by everysec {len(self.verdict.owed)}" if self.verdict.owed else "")
            + "".join(f", {rule} {n}" for rule, n in broken.items() if rule not in ("lost", "doubled")),
            "  PASSED" if self.verdict.good else "  FAILED",
        ]
        return "\n".join(lines)


Inject = Callable[[FaultInjector, Crowd], Awaitable[None]]


async def run(data_dir: Path, seed: int, faults: Sequence[Fault], **wanted: object) -> Report:
    """Run the faults on a fresh stack under load; `wanted` goes to make_stack."""
    return await run_with(data_dir, seed, lambda injector, _: injector.inject(faults), **wanted)


async def run_with(data_dir: Path, seed: int, inject: Inject, **wanted: object) -> Report:
    """Run any other faults on a fresh stack under load."""
    verdict = Verdict()
    async with running_stack(data_dir, **wanted) as stack, connections(stack.settings) as (db, redis):
        crowd, injector = await invite(stack, db, seed), FaultInjector(stack)
        async with crowd.voting():
            await inject(injector, crowd)
            recovered = await _wait(verdict, "no votes", _votes_again(crowd))
        drained = await _wait(verdict, "not drained", nothing_waits(redis))
        windows = _windows(injector) if wanted.get("appendfsync") == "everysec" else []
        judge(verdict, crowd.history, await read_ledger(db, redis, crowd.project_ids), windows)
        injector.look_for_exits()
        for text in injector.exits:
            verdict.add("exit", text)
        await _ask_verify(verdict, stack.settings)
    return Report(seed, injector.kills, injector.stops, crowd.history, recovered, drained, verdict)


@asynccontextmanager
async def connections(settings: Settings) -> AsyncIterator[tuple[asyncpg.Pool, Redis]]:
    """Yield connections of the harness, with long time-outs for servers that were just killed."""
    db, redis = await open_database(settings, query_seconds=CEILING), open_redis(settings)
    yield db, redis
    db.terminate()
    await redis.aclose()


def _windows(injector: FaultInjector) -> list[Window]:
    """Return the windows in which an acknowledged vote may be lost: just before each kill of Valkey."""
    return [(killed - POSTPONED_SECONDS, killed) for killed in injector.valkey_killed]


def _votes_again(crowd: Crowd) -> Condition:
    """Return a condition: every web has acknowledged a new vote."""
    first = len(crowd.history)

    async def condition() -> bool:
        return {intent.port for intent in crowd.acknowledged(first)} == set(crowd.ports)

    return condition


def nothing_waits(redis: Redis) -> Condition:
    """Return a condition: every event is persisted and every tally synced."""

    async def condition() -> bool:
        return not await redis.xlen(keys.events(0)) and not await redis.hlen(keys.changed(0))

    return condition


async def _wait(verdict: Verdict, rule: str, condition: Condition) -> float:
    try:
        return await until(condition)
    except AssertionError as error:
        verdict.add(rule, str(error))
        return math.inf


async def _ask_verify(verdict: Verdict, settings: Settings) -> None:
    """Add an offence if `upvote verify` finds a difference."""
    if "verify" not in COMMANDS:
        return
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "app.commands",
        "verify",
        env=environment(settings),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await asyncio.wait_for(process.communicate(), COMMAND_CEILING)
    if process.returncode:
        verdict.add("verify", f"exit {process.returncode}\n{output.decode()}")


def _list(counts: Counter[str]) -> str:
    return ", ".join(f"{target} {count}" for target, count in sorted(counts.items()))


def _speed(history: Sequence[Intent]) -> str:
    """Return how long answers took, including those during faults."""
    taken = sorted(i.answered - i.sent for i in history if i.status)
    if not taken:
        return "none"
    p50, p99 = taken[len(taken) // 2], taken[len(taken) * 99 // 100]
    return f"p50 {p50 * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms, slowest {taken[-1]:.1f} s"
