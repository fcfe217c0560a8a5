"""The scheduler goes on after its clock was set, and ends when its Redis vanishes."""

import asyncio
import time
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from arq import cron

from app.voting import keys
from tests.faults.tcp_proxy import TcpProxy
from tests.waiting import CEILING, until
from workers import scheduler
from workers.frequent_jobs import claim
from workers.main import close_scheduler
from workers.scheduler import READ_SECONDS, Scheduler


async def nothing(_: object) -> None:
    """A job that does nothing."""


def scheduler_at(port: int) -> Scheduler:
    jobs = [cron(nothing, second=set(range(60))), cron(nothing, minute=set(range(60)))]
    return Scheduler(f"redis://127.0.0.1:{port}", jobs, {})


@pytest.fixture
async def proxy(valkey):
    async with TcpProxy(Path(valkey.url.removeprefix("unix://"))) as proxy:
        yield proxy


async def test_jobs_are_planned_anew_after_the_clock_was_set_back(proxy):
    ours = scheduler_at(proxy.port)
    [job] = ours.cron_jobs
    job.next_run = datetime.now(tz=ours.timezone) + timedelta(hours=1)  # planned by the old clock
    [frequent] = ours.frequent._jobs.values()
    run = (frequent, int(time.time()) + 30)  # claimed by the old clock
    await claim(ours.pool, [run])
    ours._clock_ahead += 3600
    await ours._follow_clock()
    await ours.heart_beat()
    assert await claim(ours.pool, [run]) == [run]
    await ours.pool.delete(keys.job_run(frequent.name, run[1]))
    # The next minute may be over when arq plans, so that the one after it is planned.
    soon = timedelta(minutes=2)
    assert job.next_run is None or job.next_run < datetime.now(tz=ours.timezone) + soon
    await ours.heart_beat()
    assert job.next_run < datetime.now(tz=ours.timezone) + soon
    await ours.close()


@pytest.mark.parametrize(
    ("limit", "reason"), [("QUEUE_SECONDS", "Timeout"), ("SILENT_SECONDS", "not looked for work")]
)
async def test_it_ends_when_redis_vanishes(proxy, monkeypatch, limit, reason):
    monkeypatch.setattr(scheduler, "QUEUE_SECONDS", 10 * CEILING)
    monkeypatch.setattr(scheduler, limit, 2.5)  # longer than between two looks
    ours = scheduler_at(proxy.port)
    over = asyncio.create_task(ours.until_over(asyncio.Event()))
    await until(lambda: ours.cron_jobs[0].next_run, "for the first look")
    proxy.black_hole()
    assert reason in await asyncio.wait_for(over, CEILING)
    proxy.cut()
    proxy.heal()
    await close_scheduler(ours, CEILING)


async def test_the_queue_is_read_at_the_beginning_of_each_minute_and_seldom_else(proxy, monkeypatch):
    now, reads, ours = [1_800_000_001.0], [], scheduler_at(proxy.port)

    async def start() -> None:
        """Start nothing."""

    async def read() -> None:
        reads.append(now[0] % 60)

    async def sleep(_: float) -> None:
        if now[0] % 60 == 59:
            raise ConnectionError
        now[0] += 1

    monkeypatch.setattr(ours, "_start_frequent", start)
    monkeypatch.setattr(ours, "_poll_iteration", read)
    clock = SimpleNamespace(time=lambda: now[0], monotonic=lambda: now[0])
    monkeypatch.setattr(scheduler, "time", clock)
    monkeypatch.setattr(scheduler, "asyncio", SimpleNamespace(sleep=sleep))
    ours._clock_ahead = 0
    with pytest.raises(ConnectionError):
        await ours.main()
    assert reads == [1, *range(5, 60, READ_SECONDS)]


async def test_it_ends_when_it_is_asked_to(proxy):
    stop = asyncio.Event()
    ours = scheduler_at(proxy.port)
    over = asyncio.create_task(ours.until_over(stop))
    await until(lambda: ours.cron_jobs[0].next_run, "for the first look")
    stop.set()
    assert await asyncio.wait_for(over, CEILING) is None
    await close_scheduler(ours, CEILING)


async def test_a_job_that_ends_after_arq_was_closed_is_not_noted(proxy):
    ours = scheduler_at(proxy.port)
    await ours.close()
    await ours.finish_job("cron:nothing", True, None, None, False, None, None)


async def test_jobs_of_the_same_second_run_one_after_the_other(proxy, monkeypatch):
    """So that they need one connection to PostgreSQL, and not one each."""
    monkeypatch.setattr(scheduler, "HEAD_START_SECONDS", CEILING)
    running, most = [], []

    async def job(_: object) -> None:
        running.append(1)
        most.append(len(running))
        for _ in range(10):
            await asyncio.sleep(0)
        running.pop()

    jobs = [cron(job, name=f"job {n}", second=set(range(60))) for n in range(3)]
    ours, stop = Scheduler(f"redis://127.0.0.1:{proxy.port}", jobs, {}), asyncio.Event()
    over = asyncio.create_task(ours.until_over(stop))
    await until(lambda: len(most) >= len(jobs), "for the jobs")
    stop.set()
    assert await asyncio.wait_for(over, CEILING) is None
    await close_scheduler(ours, CEILING)
    assert set(most) == {1}
