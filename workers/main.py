"""The worker process: runs arq, which runs the jobs.

arq ends when its Redis goes away, so it is restarted until the process is asked to stop.
"""

import asyncio
import contextlib
from typing import Any

import structlog
import uvloop

from app.board.start import check_start
from app.end_in_time import EndSignals, finish, unless
from app.loading import freeze_loaded
from app.logs import LineLimit, configure_logs, log_loop_errors
from app.operations.ops.heartbeat import send_heartbeats
from app.output import never_wait_for_output
from app.sentry import start_sentry
from app.services import Services, open_services
from app.settings import Settings
from app.single_flight import retrieve_exception
from app.storage.away import REDIS_AWAY
from app.storage.schema import schema_problem
from workers.full_memory import free_memory_when_full
from workers.hang_guard import guard_loop
from workers.make_partitions import make_partitions
from workers.persist_events import persist_events
from workers.run_log import record_start
from workers.schedule import cron_jobs, resilient
from workers.scheduler import Scheduler

log = structlog.get_logger()

RESTART_SECONDS = 1.0
# A batch takes well under a second. A job that is still busy after this time is cancelled, and its
# transaction rolls back.
JOBS_SECONDS = 3.5
# Each further step of the end: cancelling jobs, disconnecting arq, removing the heartbeat, and closing
# the services. With JOBS_SECONDS they add up to less than END_SECONDS.
STEP_SECONDS = 0.8
# Large batches on a slow disk may take seconds. A statement that exceeds this time is cancelled.
QUERY_SECONDS = 60.0


def run(settings: Settings) -> None:
    """Run the worker until SIGINT or SIGTERM. It keeps running while Redis or PostgreSQL is away."""
    signals = EndSignals()
    never_wait_for_output()
    check_start(settings)
    configure_logs(settings.log_format, settings.log_level)
    start_sentry(settings)
    if problem := schema_problem(settings):
        log.error(problem)
    freeze_loaded()
    uvloop.run(run_until_stopped(settings, signals))


async def run_until_stopped(settings: Settings, signals: EndSignals) -> None:
    """Restart arq whenever it ends, until SIGINT or SIGTERM arrives."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    log_loop_errors(loop)
    signals.begin_end = lambda: _set_from_thread(loop, stop)
    async with open_services(settings, query_seconds=QUERY_SECONDS) as services:
        log.info("worker started", persist=settings.persist_interval, sync=settings.sync_interval)
        context: dict[str, Any] = {"services": services, "busy": set(), "line_limit": LineLimit()}
        heartbeats = asyncio.create_task(
            send_heartbeats(services, "worker", is_alive=lambda: _is_alive(context))
        )
        freeing = asyncio.create_task(free_memory_when_full(services))
        follow_board(services)
        guard = asyncio.create_task(guard_loop())
        await unless(stop, services.board.try_to_refresh())
        await unless(stop, record_start(services.redis))
        await unless(stop, resilient(make_partitions)(context))
        while not stop.is_set():
            await _run_arq(settings, context, stop)
        for task in (heartbeats, freeing, guard):
            task.cancel()
        await asyncio.wait([heartbeats, freeing, guard], timeout=STEP_SECONDS)
    log.info("worker stopped")


def follow_board(services: Services) -> None:
    """Obey changes of the board's settings from now on, which the reports of the server in use see."""
    running: set[asyncio.Task[None]] = set()

    async def follow(revision: int | None) -> None:
        board = services.board
        await board.follow(await board.read_revision() if revision is None else revision)

    def on_report(revision: int | None) -> None:
        if not running:
            running.add(task := asyncio.create_task(follow(revision)))
            task.add_done_callback(running.discard)

    services.functions.servers.on_report = on_report


def _set_from_thread(loop: asyncio.AbstractEventLoop, event: asyncio.Event) -> None:
    with contextlib.suppress(RuntimeError):  # the loop has just been closed
        loop.call_soon_threadsafe(event.set)


def _is_alive(context: dict[str, Any]) -> bool:
    """Return False while the scheduler stands still, so that this worker does not count as healthy."""
    scheduler: Scheduler | None = context.get("scheduler")
    return scheduler is None or not scheduler.is_silent


async def _run_arq(settings: Settings, context: dict[str, Any], stop: asyncio.Event) -> None:
    """Run arq until Redis goes away, it stands still, or the process is asked to stop."""
    jobs_context = context | {"busy": set()}
    scheduler = Scheduler(settings.redis_queue_url or "", cron_jobs(settings), jobs_context)
    context["scheduler"] = scheduler
    reason = await scheduler.until_over(stop)
    if reason is None:
        await close_scheduler(scheduler, JOBS_SECONDS)
        return
    if context["line_limit"].is_due("arq"):
        log.warning("arq has ended and is being restarted", reason=reason)
    await unless(stop, asyncio.sleep(RESTART_SECONDS))
    # A Redis that is out of memory refuses arq's writes; persisting events frees memory, and
    # free_memory_when_full does the rest.
    await unless(stop, resilient(persist_events)(scheduler.ctx))
    await close_scheduler(scheduler, RESTART_SECONDS)


async def close_scheduler(scheduler: Scheduler, seconds: float) -> None:
    """Wait for running jobs for at most so many seconds, then cancel them and disconnect."""
    scheduler.allow_pick_jobs = False
    if scheduler.tasks:
        await _end_jobs(scheduler, seconds)
    with contextlib.suppress(*REDIS_AWAY, asyncio.CancelledError):
        await finish(scheduler.close(), STEP_SECONDS)


async def _end_jobs(scheduler: Scheduler, seconds: float) -> None:
    _, late = await asyncio.wait(scheduler.tasks.values(), timeout=seconds)
    for job in scheduler.tasks.values():
        job.add_done_callback(retrieve_exception)
    if late:
        names = sorted(name for name, job in scheduler.tasks.items() if job in late)
        log.warning("jobs are cancelled, as they did not end in time", jobs=names)
        for job in late:
            job.cancel()
        await asyncio.wait(late, timeout=STEP_SECONDS)
    scheduler.tasks.clear()  # or arq would wait for a job that hangs
