"""Jobs that run every few seconds: one worker runs each, and idle ones rest."""

import asyncio
import time
from typing import Any

import pytest
from arq import cron
from arq.cron import CronJob

from app.voting import keys
from tests.waiting import CEILING
from workers import frequent_jobs, schedule
from workers.frequent_jobs import NOTE_SECONDS, REST_SECONDS, FrequentJobs, claim, is_frequent
from workers.run_log import record_looks
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


class Looked:
    """What a look is given in place of the services."""

    def __init__(self, redis: Any) -> None:
        self.redis = redis
        self.is_idle = True


async def look(services: Any) -> bool:
    return services.is_idle


async def test_a_job_with_nothing_to_do_rests_and_goes_on_when_there_is_something(redis):
    services = Looked(redis)
    context = {"services": services}
    jobs = FrequentJobs([every_second(resilient(nothing, look))])
    times = [NOON + second for second in range(2 * REST_SECONDS)]
    assert await due_times(jobs, times, context) == [NOON + 1, NOON + 1 + REST_SECONDS]
    services.is_idle = False
    later = [times[-1] + second for second in (1, 2, 3)]
    assert await due_times(jobs, later, context) == later


async def test_resting_jobs_are_noted_together_as_if_they_had_run(redis, monkeypatch):
    notes = []

    async def note(_, names):
        notes.append(sorted(names))

    monkeypatch.setattr(frequent_jobs, "record_looks", note)
    names = ["withdraw_votes", "index_projects"]
    every = [cron(resilient(nothing, look), name=n, second=set(range(60))) for n in names]
    jobs, context = FrequentJobs([*every, every_second()]), {"services": Looked(redis)}
    await due_times(jobs, [NOON + second for second in range(2 + 2 * NOTE_SECONDS)], context)
    assert notes == [sorted(names)] * 2


async def test_a_job_that_rests_counts_as_one_that_ran_and_hides_no_error_of_another_worker(redis):
    await redis.hset(keys.METRICS_WORKER, "resting job:error", "a fault")
    await record_looks(redis, ["resting job"])
    notes = await redis.hgetall(keys.METRICS_WORKER)
    assert abs(float(notes[b"resting job:ended_at"]) - time.time()) < CEILING
    assert notes[b"resting job:error"] == b"a fault"
    await redis.hdel(keys.METRICS_WORKER, *[n for n in notes if n.startswith(b"resting job")])


async def test_a_job_that_failed_does_not_rest_until_it_has_ended_well(redis):
    problems: list[Exception | None] = [ConnectionRefusedError(), ConnectionRefusedError(), None]
    context = {"services": Looked(redis), "busy": set()}

    async def job(_: object) -> None:
        if problem := problems.pop(0):
            raise problem

    run = resilient(job, look)
    jobs, times = FrequentJobs([every_second(run)]), []
    for second in range(6):
        for _, at in await jobs.take(NOON + second, context):
            times.append(at)
            await run(context)
    assert times == [NOON + second for second in (1, 2, 3)]


async def fail(_: object) -> bool:
    raise ConnectionRefusedError


async def hang(_: object) -> bool:
    await asyncio.sleep(10 * CEILING)
    return True


@pytest.mark.parametrize("broken", [fail, hang])
async def test_a_job_whose_look_fails_or_hangs_runs_and_says_why(monkeypatch, broken):
    monkeypatch.setattr(schedule, "LOOK_SECONDS", 0.1)
    jobs = FrequentJobs([every_second(resilient(nothing, broken))])
    times = [NOON + second for second in range(4)]
    assert await due_times(jobs, times, {"services": None}) == [NOON + 1, NOON + 2, NOON + 3]


def test_arq_queues_only_jobs_that_run_less_than_once_a_minute(settings):
    frequent = {job.name for job in cron_jobs(settings) if is_frequent(job)}
    assert {"cron:persist_events", "cron:sync_tallies", "cron:send_webhooks"} <= frequent
    assert "cron:find_odd_votes" in frequent
    assert not frequent & {"cron:reconcile", "cron:cool_projects"}
