"""One run: load, faults, rest, verdict."""

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
from tests.chaos.faults import Fault, Tormentor
from tests.chaos.history import Intent, Outcome
from tests.chaos.ledger import read_ledger
from tests.chaos.stack import Condition, running_stack, until
from tests.processes import environment
from tests.waiting import CEILING

# With `everysec` Valkey answers without having written while an fsync is under way, so long at most.
POSTPONED_SECONDS = 2.0


@dataclass(frozen=True)
class Report:
    """What a run did and what came of it."""

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


Torment = Callable[[Tormentor, Crowd], Awaitable[None]]


async def run(data_dir: Path, seed: int, faults: Sequence[Fault], **wanted: object) -> Report:
    """Let the faults loose on a fresh stack under load; `wanted` goes to make_stack."""
    return await run_with(data_dir, seed, lambda tormentor, _: tormentor.torment(faults), **wanted)


async def run_with(data_dir: Path, seed: int, torment: Torment, **wanted: object) -> Report:
    """The same with any other faults."""
    verdict = Verdict()
    async with running_stack(data_dir, **wanted) as stack, connections(stack.settings) as (db, redis):
        crowd, tormentor = await invite(stack, db, seed), Tormentor(stack)
        async with crowd.voting():
            await torment(tormentor, crowd)
            recovered = await _wait(verdict, "no votes", _votes_again(crowd))
        drained = await _wait(verdict, "not drained", nothing_waits(redis))
        windows = _windows(tormentor) if wanted.get("appendfsync") == "everysec" else []
        judge(verdict, crowd.history, await read_ledger(db, redis, crowd.project_ids), windows)
        tormentor.look_for_exits()
        for text in tormentor.exits:
            verdict.add("exit", text)
        await _ask_verify(verdict, stack.settings)
    return Report(seed, tormentor.kills, tormentor.stops, crowd.history, recovered, drained, verdict)


@asynccontextmanager
async def connections(settings: Settings) -> AsyncIterator[tuple[asyncpg.Pool, Redis]]:
    """The harness' own, with the patience that a server needs which was just killed."""
    db, redis = await open_database(settings, query_seconds=CEILING), open_redis(settings)
    yield db, redis
    db.terminate()
    await redis.aclose()


def _windows(tormentor: Tormentor) -> list[Window]:
    """When a vote may have been acknowledged and lost: just before each kill of Valkey."""
    return [(killed - POSTPONED_SECONDS, killed) for killed in tormentor.valkey_killed]


def _votes_again(crowd: Crowd) -> Condition:
    """Every web process has acknowledged a vote that was sent from now on."""
    first = len(crowd.history)

    async def condition() -> bool:
        return {intent.port for intent in crowd.acknowledged(first)} == set(crowd.ports)

    return condition


def nothing_waits(redis: Redis) -> Condition:
    """Every event is persisted, every tally synced."""

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
    """The product's own proof has to agree."""
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
    output, _ = await asyncio.wait_for(process.communicate(), CEILING)
    if process.returncode:
        verdict.add("verify", f"exit {process.returncode}\n{output.decode()}")


def _list(counts: Counter[str]) -> str:
    return ", ".join(f"{target} {count}" for target, count in sorted(counts.items()))


def _speed(history: Sequence[Intent]) -> str:
    """How long answers took, those from the middle of a fault included."""
    taken = sorted(i.answered - i.sent for i in history if i.status)
    if not taken:
        return "none"
    p50, p99 = taken[len(taken) // 2], taken[len(taken) * 99 // 100]
    return f"p50 {p50 * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms, slowest {taken[-1]:.1f} s"
