"""The worker process: arq runs the crons; this file keeps arq running.

arq ends when its Redis goes away, so it is started anew until the process is asked to stop.
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
from app.storage.schema import schema_trouble
from app.voting.sharding import check_shards
from workers.make_partitions import make_partitions
from workers.persist_events import persist_events
from workers.schedule import cron_jobs, is_news, steady

log = structlog.get_logger()

RESTART_SECONDS = 1.0
# A batch takes well under a second; one that is still busy after this is cut off, and its
# transaction rolls back.
STOP_SECONDS = 8.0
# Large batches on a slow disk may take seconds; a statement that takes longer than this hangs.
QUERY_SECONDS = 60.0


def run(settings: Settings) -> None:
    """Run the worker until SIGINT or SIGTERM; it outlives any absence of Redis or PostgreSQL."""
    check_shards(settings)
    configure_logs(settings)
    start_sentry(settings)
    if trouble := schema_trouble(settings):
        log.error(trouble)
    uvloop.run(run_until_stopped(settings))


async def run_until_stopped(settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signum, stop.set)
    async with open_services(settings, query_seconds=QUERY_SECONDS) as services:
        log.info("worker started", persist=settings.persist_interval, sync=settings.sync_interval)
        heartbeats = asyncio.create_task(send_heartbeats(services, "worker"))
        context: dict[str, Any] = {"services": services, "busy": set(), "told": {}}
        await steady(make_partitions)(context)
        while not stop.is_set():
            await _run_arq(settings, context | {"busy": set()}, stop)
        heartbeats.cancel()
        await asyncio.gather(heartbeats, return_exceptions=True)
    log.info("worker stopped")


async def _run_arq(settings: Settings, context: dict[str, Any], stop: asyncio.Event) -> None:
    """One life of arq: until Redis goes away or the process is asked to stop."""
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
        reason = str(running.exception())  # taken even if it is no news: asyncio would print it
        if is_news(context, "arq"):
            log.warning("arq has ended; it is started again", reason=reason)
        await asyncio.sleep(RESTART_SECONDS)
        # A Redis without memory refuses arq's writes; persisting is what gives it memory back.
        await steady(persist_events)(worker.ctx)
    await _close(worker)


async def _close(worker: Worker) -> None:
    """Let the jobs under way finish, then disconnect."""
    worker.allow_pick_jobs = False
    if worker.tasks:
        await asyncio.wait(worker.tasks.values(), timeout=STOP_SECONDS)
    with contextlib.suppress(*REDIS_AWAY, asyncio.CancelledError):
        await worker.close()
