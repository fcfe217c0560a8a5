"""The schedule of the worker, and what the doctor expects of it, say the same."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from app.operations.jobs import intervals
from app.settings import Settings
from workers.schedule import cron_jobs

RUNS = 30  # enough for the longest pause of each job


def longest_pause(job) -> float:
    """Return the longest time (s) between two of the next runs."""
    now, runs = datetime(2027, 1, 1, tzinfo=UTC), []
    for _ in range(RUNS):
        job.calculate_next(now)
        runs.append(now := job.next_run)
    return max((later - earlier) / timedelta(seconds=1) for earlier, later in pairwise(runs))


def test_the_doctor_knows_how_often_each_job_runs():
    for each in (Settings(), Settings(persist_interval=7, sync_interval=45)):
        jobs = {job.name.removeprefix("cron:"): job for job in cron_jobs(each)}
        known = intervals(each)
        assert set(known) == set(jobs)
        # A job may run more often for a part of the day or hour.
        pauses = {name: longest_pause(job) for name, job in jobs.items()}
        assert {name for name in jobs if not 0.8 * known[name] < pauses[name] <= known[name]} == set()
