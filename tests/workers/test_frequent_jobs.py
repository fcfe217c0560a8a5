"""Jobs that run every few seconds: one worker runs each, and idle ones rest."""

import asyncio
from typing import Any

import pytest
from arq import cron
from arq.cron import CronJob

from app.voting import keys
from tests.waiting import CEILING
from workers import schedule
from workers.frequent_jobs import IDLE_SECONDS, FrequentJobs, claim, is_frequent
from workers.schedule import cron_jobs, resilient

NOON = 1_800_000_000.0  # a whole minute


async def nothing(_: object) -> None:
    """A job that does nothing."""


def every_second(job: Any = nothing) -> CronJob:
    return cron(job, name="a job", second=set(range(60)))


async def due_times(jobs: FrequentJobs, times: list[float], context: dict[str, Any]) -> list[int]:
    return [at for now in times for _, at in await jobs.take(now, context)]


async def test_a_job_is_due_at_its_seconds_each_once():
    jobs = FrequentJobs([cron(nothing, second={0, 10, 50})])
    times = [NOON + tenth / 10 for tenth in range(1, 700)]
    assert await due_times(jobs, times, {}) == [NOON + 10, NOON + 50, NOON + 60]


async def test_a_job_that_was_held_up_runs_once_and_then_on_time():
    jobs = FrequentJobs([every_second()])
    times = [NOON, NOON + 9.5, NOON + 9.9, NOON + 10]
    assert await due_times(jobs, times, {}) == [NOON + 1, NOON + 10]


async def test_of_several_workers_one_runs_a_job(redis):
    job = every_second()
    first = await claim(redis, [(job, 7), (job, 8)])
    second = await claim(redis, [(job, 7), (job, 9)])
    assert [at for _, at in first] == [7, 8]
    assert [at for _, at in second] == [9]
    await redis.delete(*[keys.job_run("a job", at) for at in (7, 8, 9)])


async def test_after_the_clock_was_set_back_the_next_run_is_at_once(redis):
    """Not when the clock has caught up with the runs that were claimed before."""
    job, ahead = every_second(), 30
    jobs = FrequentJobs([job])
    claimed = [(job, int(NOON) + second) for second in range(1 - ahead, ahead + 1)]
    assert await claim(redis, claimed) == claimed
    assert await due_times(jobs, [NOON + ahead], {}) == []  # the next one is planned by the old clock
    await jobs.plan_anew(redis, NOON)
    await due_times(jobs, [NOON], {})
    for second in (1, 2, ahead):
        [run] = await jobs.take(NOON + second, {})
        assert await claim(redis, [run]) == [run], second
    assert await claim(redis, [(job, int(NOON))]) == []  # what was due before is still claimed
    await redis.delete(*[keys.job_run("a job", at) for _, at in claimed])


async def test_the_run_of_a_busy_job_is_left_to_others():
    jobs = FrequentJobs([every_second()])
    assert await due_times(jobs, [NOON, NOON + 1], {"busy": {"a job"}}) == []


async def test_a_job_with_nothing_to_do_rests_and_goes_on_when_there_is_something():
    idle = [True]
    context = {"services": idle}

    async def is_idle(services: list[bool]) -> bool:
        return services[0]

    jobs = FrequentJobs([every_second(resilient(nothing, is_idle))])
    times = [NOON + second for second in range(2 * IDLE_SECONDS)]
    assert await due_times(jobs, times, context) == [NOON + 1, NOON + 1 + IDLE_SECONDS]
    idle[0] = False
    later = [NOON + second for second in (10, 11, 12)]
    assert await due_times(jobs, later, context) == [NOON + 10, NOON + 11, NOON + 12]


async def fail(_: object) -> bool:
    raise ConnectionRefusedError


async def hang(_: object) -> bool:
    await asyncio.sleep(10 * CEILING)
    return True


@pytest.mark.parametrize("look", [fail, hang])
async def test_a_job_whose_look_fails_or_hangs_runs_and_says_why(monkeypatch, look):
    monkeypatch.setattr(schedule, "LOOK_SECONDS", 0.1)
    jobs = FrequentJobs([every_second(resilient(nothing, look))])
    times = [NOON + second for second in range(4)]
    assert await due_times(jobs, times, {"services": None}) == [NOON + 1, NOON + 2, NOON + 3]


def test_arq_queues_only_jobs_that_run_once_a_minute_or_less(settings):
    frequent = {job.name for job in cron_jobs(settings) if is_frequent(job)}
    assert {"cron:persist_events", "cron:sync_tallies", "cron:send_webhooks"} <= frequent
    assert not frequent & {"cron:reconcile", "cron:cool_projects", "cron:find_odd_votes"}
