"""The jobs that run once a minute or more often, which need no queue.

arq needs some 25 commands of Redis for one run, and most runs find nothing to do. So a worker claims
such a run with one command. Of several workers, one gets it. A job that can see cheaply that it would
find nothing is run only every REST_SECONDS then. Meanwhile all such jobs are noted together, every
NOTE_SECONDS, as if they had run, so that `upvote doctor` sees that the worker is alive.
"""

from collections.abc import Container, Iterator, Sequence
from typing import Any

from arq.cron import CronJob

from app.voting import keys
from workers.run_log import record_looks

# The claim of a run is kept for so long; the clocks of two workers differ by less.
CLAIM_SECONDS = 60
REST_SECONDS = 60
NOTE_SECONDS = 5

Run = tuple[CronJob, int]  # with the time at which the job is due; Unix time, s


def is_frequent(job: CronJob) -> bool:
    """Return whether the job runs at some seconds of each minute."""
    return isinstance(job.second, set) and job.minute is None


class FrequentJobs:
    """Says which jobs are due."""

    def __init__(self, jobs: Sequence[CronJob]) -> None:
        self._jobs = {job.name.removeprefix("cron:"): job for job in jobs}
        self._next: dict[str, int] = {}  # name -> time of the next run
        self._last: dict[str, int] = {}  # name of a job that was run -> when it was due
        self._resting: set[str] = set()  # those that would have found nothing when they were due last
        self._noted_at = 0

    async def plan_anew(self, redis: Any, now: float) -> None:
        """Forget the planned runs, and the claims of runs after `now`, because the clock was set.

        If it was set back, they are of runs by the old clock, and would keep the new ones from running.
        Another worker whose clock is ahead may have made some: then a job runs once more than needed.
        """
        self._next.clear()
        self._last.clear()
        self._noted_at = 0
        pipeline = redis.pipeline(transaction=False)
        for job in self._jobs.values():
            for at in _due_within(job, now, CLAIM_SECONDS):
                pipeline.delete(keys.job_run(job.name, at))
        await pipeline.execute()

    async def take(self, now: float, context: dict[str, Any]) -> list[Run]:
        """Return the runs that are due and useful, and plan the next ones."""
        runs = []
        for job, at in self._take_due(now, context.get("busy", ())):
            name = job.name.removeprefix("cron:")
            if await self._rests(job, at, context):
                self._resting.add(name)
            else:
                self._resting.discard(name)
                self._last[job.name] = at
                runs.append((job, at))
        if self._resting and now - self._noted_at >= NOTE_SECONDS:
            self._noted_at = int(now)
            await record_looks(context["services"].redis, self._resting)
        return runs

    async def _rests(self, job: CronJob, at: int, context: dict[str, Any]) -> bool:
        """Return whether the job was run not long ago and would find nothing to do now."""
        is_idle = getattr(job.coroutine, "is_idle", _never)
        return at - self._last.get(job.name, 0) < REST_SECONDS and await is_idle(context)

    def _take_due(self, now: float, busy: Container[str]) -> list[Run]:
        """Return the runs that are due, without those of `busy` jobs, which are left to others."""
        due = []
        for name, job in self._jobs.items():
            at = self._next.setdefault(name, next_run(job, now))
            if at <= now:
                self._next[name] = next_run(job, now)
                if name not in busy:
                    due.append((job, at))
        return due


async def _never(_: dict[str, Any]) -> bool:
    return False


def _due_within(job: CronJob, now: float, seconds: int) -> Iterator[int]:
    """Yield the times after `now` at which the job is due, until `seconds` later."""
    at = next_run(job, now)
    while at <= now + seconds:
        yield at
        at = next_run(job, at)


def next_run(job: CronJob, now: float) -> int:
    """Return the next time after `now` at which the job is due."""
    assert isinstance(job.second, set)
    at = int(now) + 1
    while at % 60 not in job.second:
        at += 1
    return at


async def claim(redis: Any, runs: Sequence[Run]) -> list[Run]:
    """Return the runs that no other worker has claimed."""
    pipeline = redis.pipeline(transaction=False)
    for job, at in runs:
        pipeline.set(keys.job_run(job.name, at), b"", nx=True, ex=CLAIM_SECONDS)
    claimed = await pipeline.execute()
    return [run for run, is_ours in zip(runs, claimed, strict=True) if is_ours]
