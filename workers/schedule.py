"""The schedule of the worker's jobs."""

import contextlib
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any

import structlog
from arq import cron
from arq.cron import CronJob
from redis.exceptions import RedisClusterException, RedisError

from app.errors import VotesUnavailable
from app.logs import LineLimit
from app.operations.jobs import (
    FINISH_SECONDS,
    INDEX_SECONDS,
    LINK_KEY_SECONDS,
    MAIL_SECONDS,
    ODD_SECONDS,
    SAMPLE_SECONDS,
    SEND_WEBHOOKS_SECONDS,
    WITHDRAW_SECONDS,
)
from app.sentry import report
from app.services import Services
from app.settings import Settings
from app.storage.away import DATABASE_AWAY, REDIS_AWAY
from app.storage.outages import outages
from app.storage.timeouts import within
from workers.cool_projects import cool_projects
from workers.drop_partitions import drop_partitions
from workers.fill_link_keys import fill_link_keys
from workers.find_odd_votes import find_odd_votes
from workers.finish_voting import finish_voting, nothing_to_finish
from workers.index_projects import index_projects, nothing_to_index
from workers.make_partitions import make_partitions
from workers.note_history import note_history
from workers.persist_events import nothing_to_persist, persist_events
from workers.reconcile import reconcile
from workers.remove_expired import remove_expired
from workers.run_log import record_run
from workers.send_mails import no_mail_server, send_mails
from workers.send_webhooks import nothing_to_send, send_webhooks
from workers.sync_tallies import sync_tallies
from workers.withdraw_votes import nothing_to_withdraw, withdraw_votes

log = structlog.get_logger()

Job = Callable[[Services], Awaitable[None]]
Look = Callable[[Services], Awaitable[bool]]

# A run is cancelled after this time (s), before the next one begins.
RECONCILE_TIMEOUT = 3_500
LOOK_SECONDS = 1.0  # for a look whether there is something to do; the scheduler waits for it


def cron_jobs(settings: Settings) -> list[CronJob]:
    """Return the jobs as unique crons of arq.

    One of several workers runs each tick; a failed run is repeated with the next tick.
    """
    return [
        cron(resilient(persist_events, nothing_to_persist), **every(settings.persist_interval)),
        cron(resilient(sync_tallies), **every(settings.sync_interval)),
        cron(resilient(withdraw_votes, nothing_to_withdraw), **every(WITHDRAW_SECONDS)),
        cron(resilient(index_projects, nothing_to_index), **every(INDEX_SECONDS)),
        # A verification of a large board takes minutes.
        cron(
            resilient(finish_voting, nothing_to_finish),
            **every(FINISH_SECONDS),
            timeout=RECONCILE_TIMEOUT,
        ),
        cron(resilient(send_mails, no_mail_server), **every(MAIL_SECONDS)),
        cron(resilient(send_webhooks, nothing_to_send), **every(SEND_WEBHOOKS_SECONDS)),
        cron(resilient(note_history), **every(SAMPLE_SECONDS)),
        cron(resilient(fill_link_keys), **every(LINK_KEY_SECONDS)),
        cron(resilient(find_odd_votes), **every(ODD_SECONDS)),
        cron(resilient(cool_projects), minute={1, 16, 31, 46}),
        cron(resilient(remove_expired), minute=47),
        cron(resilient(make_partitions), hour=3, minute=7),
        # A reconcile began 18 minutes earlier and may still be running on a large board, so the job has
        # four chances a night.
        cron(resilient(drop_partitions), hour={2, 3, 4, 5}, minute=41),
        cron(resilient(reconcile), minute=23, timeout=RECONCILE_TIMEOUT),
    ]


def every(seconds: int) -> dict[str, Any]:
    """Return arq's times for runs at most `seconds` apart; some are closer, as times repeat hourly."""
    if seconds <= 60:
        return {"second": set(range(0, 60, seconds))}
    return {"second": {0}, "minute": set(range(0, 60, min(seconds // 60, 59)))}


def _log_away(context: dict[str, Any], name: str, error: Exception) -> None:
    """Log that a server is away, unless another job or the server's client has already."""
    server = _server_of(error)
    context.setdefault("failed", {})[name] = server
    if not outages.away and context["line_limit"].is_due(server):
        log.warning(
            "a server is away; the jobs retry at their next run",
            job=name,
            server=server,
            reason=repr(error),
        )


def _log_back(context: dict[str, Any], name: str) -> None:
    """Log that the server of a job's last failure is back, if it was logged as being away."""
    server = context.get("failed", {}).pop(name, None)
    if server and context["line_limit"].forget(server):
        log.info("the server is back", server=server)


def _server_of(error: Exception) -> str:
    if isinstance(error, RedisError | RedisClusterException):
        return "Redis"
    return "PostgreSQL" if isinstance(error, DATABASE_AWAY) else "Redis or PostgreSQL"


def resilient(job: Job, is_idle: Look | None = None) -> Any:
    """Wrap a job for arq: one run at a time in this process, and no error ends the worker.

    An absent server is logged as one line for all jobs, other errors with their traceback. `is_idle`
    says whether a run would find nothing to do.
    """

    name = getattr(job, "__name__", repr(job))

    @wraps(job)
    async def run(context: dict[str, Any]) -> None:
        if name in context["busy"]:
            return
        context["busy"].add(name)
        limit: LineLimit = context.setdefault("line_limit", LineLimit())
        context.setdefault("failing", set()).add(name)  # until it ends well
        try:
            async with record_run(context["services"].redis, name):
                await job(context["services"])
            context["failing"].discard(name)
            _log_back(context, name)
        except (*DATABASE_AWAY, *REDIS_AWAY, VotesUnavailable) as error:
            _log_away(context, name, error)
        except Exception as error:
            if limit.is_due(f"{name} {type(error).__name__}"):
                log.exception("a job failed; it retries at its next run", job=name)
                report(error)
        finally:
            context["busy"].discard(name)

    if is_idle is not None:
        run.is_idle = _resilient_look(name, is_idle)  # type: ignore[attr-defined]
    return run


def _resilient_look(name: str, is_idle: Look) -> Callable[[dict[str, Any]], Awaitable[bool]]:
    """Wrap a look: where it fails or hangs, or the last run failed, the job runs, and says why."""

    async def look(context: dict[str, Any]) -> bool:
        if name in context.get("failing", ()):
            return False
        with contextlib.suppress(*DATABASE_AWAY, *REDIS_AWAY, VotesUnavailable):
            async with within(LOOK_SECONDS):
                return await is_idle(context["services"])
        return False

    return look
