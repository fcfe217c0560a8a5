"""Checks of the worker, by what it notes about itself in Redis."""

import time
from typing import Any

from app.operations.doctor.check import Check, ago, fail, judge, ok
from app.operations.jobs import intervals
from app.services import Services
from app.voting import keys

# How much later than its interval a job may be: the scheduler is up to a second late, a sync of a
# hundred thousand tallies takes some seconds, and an interval is cut to what divides a minute.
LATE_SECONDS = 10
START = "Start upvote worker, under something that starts it again when it ends (upvote serve does)"


async def check_worker(services: Services) -> list[Check]:
    """Is it alive, when did each job run, what waits for a sync, what did the last audit find."""
    redis: Any = services.redis
    notes = {
        name.decode(): value.decode()
        for name, value in (await redis.hgetall(keys.METRICS_WORKER)).items()
    }
    jobs = intervals(services.settings)
    return [
        _alive(notes, services.settings.persist_interval),
        *[_job(notes, name, interval) for name, interval in jobs.items()],
        await _changed(services, notes),
        _drift(notes),
    ]


def _alive(notes: dict[str, str], interval: int) -> Check:
    """Every tick of persist is a sign of life, whether or not it went well."""
    if "persist_events:started_at" not in notes:
        return fail("worker", "has never run on this Redis", START)
    age = time.time() - float(notes["persist_events:started_at"])
    return judge("worker", age <= interval + LATE_SECONDS, f"last seen {ago(age)} ago", START)


def _job(notes: dict[str, str], name: str, interval: int) -> Check:
    every = f"every {ago(interval)}" if interval > 1 else "every second"
    if f"{name}:ended_at" not in notes:
        return _first_run(notes, name, every)
    age = time.time() - float(notes[f"{name}:ended_at"])
    took = float(notes.get(f"{name}:seconds", 0))
    if notes.get(f"{name}:error"):
        wrong = f"failed {ago(age)} ago with {notes[f'{name}:error']}"
        return fail(name, wrong, "See the worker's log; the next run tries again")
    value = f"{ago(age)} ago, took {took:.3f} s, {every}"
    advice = (
        "See the line on worker; if it is alive, its log, and whether the job takes longer than that"
    )
    return judge(name, age - took <= interval + LATE_SECONDS, value, advice)


def _first_run(notes: dict[str, str], name: str, every: str) -> Check:
    if f"{name}:started_at" not in notes:
        return ok(name, f"has not run yet, {every}")
    age = time.time() - float(notes[f"{name}:started_at"])
    return ok(name, f"first run since {ago(age)}, {every}")


async def _changed(services: Services, notes: dict[str, str]) -> Check:
    """They wait no longer than since the last sync."""
    shards = range(services.settings.vote_shards)
    redis: Any = services.redis
    count = sum([await redis.hlen(keys.changed(shard)) for shard in shards])
    if "sync_tallies:ended_at" not in notes:
        advice = f"Lists show old numbers until then. {START}"
        return judge("changed projects", not count, f"{count} wait, never synced", advice)
    age = time.time() - float(notes["sync_tallies:ended_at"])
    in_time = not count or age <= services.settings.sync_interval + LATE_SECONDS
    value = f"{count} wait, last sync {ago(age)} ago"
    return judge("changed projects", in_time, value, "See the lines on worker and sync_tallies")


def _drift(notes: dict[str, str]) -> Check:
    if "drift:at" not in notes:
        return ok("drift", "not looked for yet; upvote verify does")
    age = ago(time.time() - float(notes["drift:at"]))
    found, remaining = int(notes["drift:found"]), int(notes["drift:remaining"])
    value = f"{found} differences found {age} ago, {remaining} of them remain"
    advice = "Run upvote reconcile --repair; it says what cannot be mended, and why"
    return judge("drift", not remaining, value if found else f"none, looked {age} ago", advice)
