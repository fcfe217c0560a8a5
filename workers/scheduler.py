"""The scheduler: arq for jobs that run seldom, and jobs that run each second or every few beside it.

Each read of its Redis has a limit, and it is restarted when it stands still.
"""

import asyncio
import contextlib
import time
from collections.abc import Sequence
from typing import Any

import structlog
from arq.connections import ArqRedis
from arq.cron import CronJob
from arq.worker import Worker
from redis.exceptions import OutOfMemoryError

from app.single_flight import retrieve_exception
from app.storage.away import REDIS_AWAY
from app.storage.redis_pool import open_redis_pool
from workers.frequent_jobs import FrequentJobs, claim, is_frequent

log = structlog.get_logger()

# One command of arq. Without a limit it waits for ever on a connection whose other end has vanished.
QUEUE_SECONDS = 2.0
# The queue of arq, with jobs that run less than once a minute, is read at the seconds of each minute
# that are multiples of this.
READ_SECONDS = 5
# It looks for work once a second. Without a look for SILENT_SECONDS, which is checked every
# CHECK_SECONDS, it is ended and started again.
SILENT_SECONDS = 10.0
CHECK_SECONDS = 5.0
# A little after each whole second, since a timer may be early by less.
AFTER_SECOND = 0.002
HEAD_START_SECONDS = 0.03  # of a job before the next one of the same second starts
# A clock that was set differs by more than this from one that only goes on; a slewed one does not.
CLOCK_STEP_SECONDS = 2.0


class Scheduler(Worker):
    """A worker of arq that notes when it looked for work last, and survives a clock that is set.

    The time of each job's next run is stored by the wall clock: after the clock was set back by an
    hour, nothing would run for an hour.
    """

    def __init__(self, url: str, cron_jobs: Sequence[CronJob], context: dict[str, Any]) -> None:
        super().__init__(
            cron_jobs=cron_jobs,
            redis_pool=ArqRedis(open_redis_pool(url, socket_timeout=QUEUE_SECONDS)),
            ctx=context,
            handle_signals=False,
            log_results=False,
            poll_delay=READ_SECONDS,
        )
        # arq knows all jobs, since a worker of an earlier version may queue one, but plans only these.
        self.cron_jobs = [job for job in cron_jobs if not is_frequent(job)]
        self.frequent = FrequentJobs([job for job in cron_jobs if is_frequent(job)])
        self._looked_at = time.monotonic()
        self._clock_ahead = time.time() - time.monotonic()

    @property
    def is_silent(self) -> bool:
        """Whether it has not looked for work for SILENT_SECONDS."""
        return time.monotonic() - self._looked_at > SILENT_SECONDS

    async def until_over(self, stop: asyncio.Event) -> str | None:
        """Run until `stop` is set and return None, or until arq ends or is silent and return why."""
        running = asyncio.ensure_future(self.async_run())
        # Left behind, it may still fail: asyncio prints an exception that nobody retrieves.
        running.add_done_callback(retrieve_exception)
        stopping = asyncio.ensure_future(stop.wait())
        while not (running.done() or stopping.done() or self.is_silent):
            await asyncio.wait(
                [running, stopping], timeout=CHECK_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
        stopping.cancel()
        if stop.is_set():
            return None
        if running.done():
            return _reason(running.exception())
        running.cancel()
        return f"it has not looked for work for {SILENT_SECONDS:g} s"

    async def main(self) -> None:
        """Look for work once a second, for ever; arq alone would do so several times a second."""
        self.ctx["redis"] = self.pool
        read_at = 0.0
        while True:
            await self._follow_clock()
            await self._start_frequent()
            now = time.time()
            if int(now) % READ_SECONDS == 0 or not 0 <= now - read_at < READ_SECONDS:
                read_at = now
                await self._poll_iteration()
            self._looked_at = time.monotonic()
            await asyncio.sleep(1.0 - time.time() % 1.0 + AFTER_SECOND)

    async def _start_frequent(self) -> None:
        runs = await self.frequent.take(time.time(), self.ctx)
        if runs and self.allow_pick_jobs:
            for job, at in await claim(self.pool, runs):
                running = self.tasks[f"{job.name} {at}"] = asyncio.create_task(self._run(job))
                # Most have nothing to do. One after the other they need one connection to PostgreSQL.
                await asyncio.wait([running], timeout=HEAD_START_SECONDS)

    async def _run(self, job: CronJob) -> None:
        try:
            await asyncio.wait_for(job.coroutine(self.ctx), job.timeout_s or self.job_timeout_s)
        except TimeoutError:
            log.error("a job took too long and was ended; it retries at its next run", job=job.name)

    async def finish_job(self, *args: Any) -> None:
        """As arq, but without an error if Redis is away: nobody waits for this, and looking for work
        fails too. A job that ends after arq was closed has no Redis to tell: its key there expires.
        """
        if self._pool is None:
            return
        with contextlib.suppress(*REDIS_AWAY):
            await super().finish_job(*args)

    async def _follow_clock(self) -> None:
        """Plan the jobs anew if the clock was set."""
        ahead = time.time() - time.monotonic()
        step, self._clock_ahead = ahead - self._clock_ahead, ahead
        if abs(step) > CLOCK_STEP_SECONDS:
            log.warning("the clock of this machine was set; jobs are planned anew", seconds=round(step))
            for job in self.cron_jobs:
                job.next_run = None
            await self.frequent.plan_anew(self.pool, time.time())


def _reason(error: BaseException | None) -> str:
    """Return why arq ended; the error of a full Redis quotes a whole job, in binary."""
    return "Redis' memory is full" if isinstance(error, OutOfMemoryError) else repr(error)
