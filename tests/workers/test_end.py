"""The worker ends in time, whatever hangs."""

import asyncio
import contextlib
import time
from typing import Any

import pytest

from app.end_in_time import END_SECONDS
from app.services import CLOSE_SECONDS
from tests.faults.network import linked
from tests.launcher.board import upvote
from tests.processes import environment
from tests.waiting import CEILING, until
from workers import main


async def hang(*_: object, **__: object) -> None:
    """Never end, not even when cancelled: as a call that cleans up with a server that hangs."""
    while True:
        with contextlib.suppress(asyncio.CancelledError):
            await HANGING.wait()
            return


HANGING = asyncio.Event()


class Signals:
    """Stands for the process' signals."""

    begin_end: Any = None


class StubScheduler:
    """Stands for arq: it runs one job, which hangs."""

    is_silent = False

    def __init__(self, _url: str, _jobs: object, context: dict[str, Any]) -> None:
        self.ctx = context
        self.tasks: dict[str, asyncio.Task] = {}

    async def until_over(self, stop: asyncio.Event) -> str | None:
        self.tasks["a job"] = asyncio.create_task(hang())
        await stop.wait()
        return None

    async def close(self) -> None:
        await hang()


class SilentScheduler(StubScheduler):
    """The same, but it is to be restarted."""

    async def until_over(self, stop: asyncio.Event) -> str | None:
        await asyncio.sleep(0)
        return "it is silent"


@pytest.fixture(autouse=True)
def short_steps(monkeypatch: pytest.MonkeyPatch):
    """Make every step short; end what hangs after the test."""
    HANGING.clear()
    for name in ("JOBS_SECONDS", "STEP_SECONDS", "RESTART_SECONDS"):
        monkeypatch.setattr(main, name, 0.01)
    monkeypatch.setattr("app.services.CLOSE_SECONDS", 0.01)
    yield
    HANGING.set()


HANGS = {
    "a job, and arq's connection": ("workers.main.Scheduler", StubScheduler),
    "the restart of arq": ("workers.main.Scheduler", SilentScheduler),
    "the job before that restart": ("workers.main.persist_events", hang),
    "the first write to Redis": ("workers.main.record_start", hang),
    "the first job": ("workers.main.make_partitions", hang),
    "the heartbeat": ("workers.main.send_heartbeats", hang),
    "the freeing of memory": ("workers.main.free_memory_when_full", hang),
    "the metrics": ("app.voting.metrics.VoteMetrics.close", hang),
    "the connections to Redis": ("app.storage.redis_client.RedisClient.aclose", hang),
}


@pytest.mark.parametrize("what", HANGS)
async def test_it_ends_while_something_hangs(settings, monkeypatch, capsys, what):
    begun = asyncio.Event()
    target, stub = HANGS[what]

    def begin(*args: Any, **options: Any) -> Any:
        begun.set()
        return stub(*args, **options)

    if stub is hang:
        monkeypatch.setattr("workers.main.Scheduler", SilentScheduler)
    monkeypatch.setattr(target, begin)
    signals = Signals()
    running = asyncio.create_task(main.run_until_stopped(settings, signals))
    await until(lambda: signals.begin_end, "for the worker")
    closes = "close" in target
    if not closes:
        await asyncio.wait_for(begun.wait(), CEILING)
    signals.begin_end()
    await asyncio.wait([running], timeout=CEILING)
    has_ended = running.done()
    HANGING.set()  # so that the test ends too
    await running
    assert has_ended
    assert begun.is_set()
    assert "worker stopped" in capsys.readouterr().out


def test_the_steps_take_less_time_than_the_whole(monkeypatch):
    monkeypatch.undo()
    steps = main.JOBS_SECONDS + 3 * main.STEP_SECONDS + 2 * CLOSE_SECONDS
    assert steps < END_SECONDS


@pytest.mark.long
@pytest.mark.parametrize("when", ["as it starts", "as it works"])
async def test_a_real_worker_ends_while_both_servers_are_lost(valkey, postgres, settings, when):
    async with linked(valkey, postgres) as links:
        if when == "as it starts":
            links.black_hole()
        worker = await asyncio.create_subprocess_exec(
            *upvote("worker"), env=environment(settings, **links.urls), stdout=asyncio.subprocess.PIPE
        )
        assert worker.stdout is not None
        try:
            if when == "as it starts":
                await until(lambda: links.redis.accepted, "for its first connection")
            else:
                await until(lambda: links.postgres.round_trips > 20, "for the worker's queries")
            links.black_hole()
            asked = time.monotonic()
            worker.terminate()
            await asyncio.wait_for(worker.wait(), CEILING)
            took = time.monotonic() - asked
            output = (await worker.stdout.read()).decode()
        finally:
            with contextlib.suppress(ProcessLookupError):
                worker.kill()
        assert took < CEILING / 4, output  # it ends itself after END_SECONDS
        if when == "as it works":
            assert "worker stopped" in output or "hangs" in output
