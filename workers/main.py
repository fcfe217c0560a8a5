"""The worker process: runs arq, which runs the jobs.

arq ends when its Redis goes away, so it is restarted until the process is asked to stop.
"""

import asyncio
import contextlib
import signal
from dataclasses import replace
from typing import Any

import structlog
import uvloop
from arq.connections import RedisSettings
from arq.worker import Worker

from app.logs import configure_logs
from app.operations.ops.heartbeat import send_heartbeats
from app.sentry import start_sentry
from app.services import open_services
from app.settings import Settings
from app.storage.connections import REDIS_AWAY
from app.storage.schema import schema_problem
from app.voting.sharding import check_shards
from workers.make_partitions import make_partitions
from workers.persist_events import persist_events
from workers.schedule import cron_jobs, log_is_due, resilient

log = structlog.get_logger()

RESTART_SECONDS = 1.0
# A batch takes well under a second. A job that is still busy after this time is cancelled, and its
# transaction rolls back.
STOP_SECONDS = 8.0
# Large batches on a slow disk may take seconds. A statement that exceeds this time is cancelled.
QUERY_SECONDS = 60.0


def run(settings: Settings) -> None:
    """Run the worker until SIGINT or SIGTERM. It keeps running while Redis or PostgreSQL is away."""
    check_shards(settings)
    configure_logs(settings)
    start_sentry(settings)
    if problem := schema_problem(settings):
        log.error(problem)
    uvloop.run(run_until_stopped(settings))


async def run_until_stopped(settings: Settings) -> None:
    """Restart arq whenever it ends, until SIGINT or SIGTERM arrives."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signum, stop.set)
    async with open_services(settings, query_seconds=QUERY_SECONDS) as services:
        log.info("worker started", persist=settings.persist_interval, sync=settings.sync_interval)
        heartbeats = asyncio.create_task(send_heartbeats(services, "worker"))
        context: dict[str, Any] = {"services": services, "busy": set(), "log_again_at": {}}
        await resilient(make_partitions)(context)
        while not stop.is_set():
            await _run_arq(settings, context | {"busy": set()}, stop)
        heartbeats.cancel()
        await asyncio.gather(heartbeats, return_exceptions=True)
    log.info("worker stopped")


async def _run_arq(settings: Settings, context: dict[str, Any], stop: asyncio.Event) -> None:
    """Run arq until Redis goes away or the process is asked to stop."""
    worker = Worker(
        cron_jobs=cron_jobs(settings),
        redis_settings=replace(RedisSettings.from_dsn(settings.redis_queue_url or ""), conn_retries=0),
        ctx=context,
        handle_signals=False,
        poll_delay=0.1,
        log_results=False,
    )
    running = asyncio.ensure_future(worker.async_run())
    stopping = asyncio.ensure_future(stop.wait())
    await asyncio.wait([running, stopping], return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if running.done() and not stop.is_set():
        reason = str(running.exception())  # asyncio prints an exception that nobody retrieves
        if log_is_due(context, "arq"):
            log.warning("arq has ended and is being restarted", reason=reason)
        await asyncio.sleep(RESTART_SECONDS)
        # A Redis that is out of memory refuses arq's writes; persisting events frees memory.
        await resilient(persist_events)(worker.ctx)
    await _close(worker)


async def _close(worker: Worker) -> None:
    """Wait until running jobs have finished, for at most STOP_SECONDS, then disconnect."""
    worker.allow_pick_jobs = False
    if worker.tasks:
        await asyncio.wait(worker.tasks.values(), timeout=STOP_SECONDS)
    with contextlib.suppress(*REDIS_AWAY, asyncio.CancelledError):
        await worker.close()
