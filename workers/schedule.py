"""When the worker does what."""

import time
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any

import structlog
from arq import cron
from arq.cron import CronJob
from redis.exceptions import RedisClusterException, RedisError

from app.errors import VotesUnavailable
from app.operations.jobs import SAMPLE_SECONDS, WITHDRAW_SECONDS
from app.sentry import report
from app.services import Services
from app.settings import Settings
from app.storage.connections import DATABASE_AWAY, REDIS_AWAY
from workers.cool_projects import cool_projects
from workers.drop_partitions import drop_partitions
from workers.make_partitions import make_partitions
from workers.note_history import note_history
from workers.persist_events import persist_events
from workers.reconcile import reconcile
from workers.run_log import noted
from workers.sync_tallies import sync_tallies
from workers.withdraw_votes import withdraw_votes

log = structlog.get_logger()

Job = Callable[[Services], Awaitable[None]]

TELL_SECONDS = 60.0  # between two lines of the log on one job that finds a server away
LONGEST_RECONCILE = 3_500  # s; it ends before the next one begins


def cron_jobs(settings: Settings) -> list[CronJob]:
    """arq's unique crons: one of several workers takes each tick; a failed tick waits for the next."""
    return [
        cron(steady(persist_events), **every(settings.persist_interval)),
        cron(steady(sync_tallies), **every(settings.sync_interval)),
        cron(steady(withdraw_votes), **every(WITHDRAW_SECONDS)),
        cron(steady(note_history), **every(SAMPLE_SECONDS)),
        cron(steady(cool_projects), minute={1, 16, 31, 46}),
        cron(steady(make_partitions), hour=3, minute=7),
        # Each time 18 minutes after an audit has begun, which a large board may still be busy with.
        cron(steady(drop_partitions), hour={2, 3, 4, 5}, minute=41),
        cron(steady(reconcile), minute=23, timeout=LONGEST_RECONCILE),
    ]


def every(seconds: int) -> dict[str, Any]:
    """arq's times for an interval: never further apart than asked, closer where it must divide 60."""
    if seconds < 60:
        return {"second": set(range(0, 60, seconds))}
    return {"second": {0}, "minute": set(range(0, 60, min(seconds // 60, 59)))}


def is_news(context: dict[str, Any], what: str) -> bool:
    """Whether to tell it: what goes on every second would fill the log."""
    told, now = context.setdefault("told", {}), time.monotonic()
    if now < told.get(what, now):
        return False
    told[what] = now + TELL_SECONDS
    return True


def _which(error: Exception) -> str:
    if isinstance(error, RedisError | RedisClusterException):
        return "Redis"
    return "PostgreSQL" if isinstance(error, DATABASE_AWAY) else "Redis or PostgreSQL"


def steady(job: Job) -> Any:
    """The job, once at a time in this process, with an absent server as one line of the log."""

    name = getattr(job, "__name__", repr(job))

    @wraps(job)
    async def run(context: dict[str, Any]) -> None:
        if name in context["busy"]:
            return
        context["busy"].add(name)
        try:
            async with noted(context["services"].redis, name):
                await job(context["services"])
            if context.setdefault("told", {}).pop(name, None):
                log.info("the server is back", job=name)
        except (*DATABASE_AWAY, *REDIS_AWAY, VotesUnavailable) as error:
            if is_news(context, name):
                log.warning(
                    "a server is away; each run tries again",
                    job=name,
                    server=_which(error),
                    reason=repr(error),
                )
        except Exception as error:
            log.exception("a job has failed; the next run tries again", job=name)
            report(error)
        finally:
            context["busy"].discard(name)

    return run
