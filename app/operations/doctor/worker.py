"""Checks of the worker, from the notes on its jobs that it writes to Redis."""

import time
from typing import Any

from app.operations.doctor.check import Check, fail, format_duration, ok, ok_or_fail
from app.operations.jobs import intervals
from app.services import Services
from app.voting import keys

# How much later than its interval a job may be: the scheduler is up to a second late, a sync of a
# hundred thousand tallies takes some seconds, and an interval is cut to what divides a minute.
LATE_SECONDS = 10
MAX_RUN_SECONDS = 3_600  # reconcile, the longest job, is ended after 3,500 s
START = "Start upvote worker under a supervisor that restarts it (upvote serve does both)"


async def check_worker(services: Services) -> list[Check]:
    """Return the checks of the worker, of each job, of waiting syncs and of the last reconcile."""
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
    """Check when persist_events last started, which a worker that is alive does even if it fails."""
    if "persist_events:started_at" not in notes:
        return fail("worker", "never seen on this Redis", START)
    age = _age(notes["persist_events:started_at"])
    value = f"last seen {format_duration(age)} ago"
    if age > interval + LATE_SECONDS and _is_starting(notes, interval, age):
        return ok("worker", "starting")
    return ok_or_fail("worker", age <= interval + LATE_SECONDS, value, START)


def _is_starting(notes: dict[str, str], interval: int, age: float) -> bool:
    """Return whether a worker started after the last run (s ago), and still has time for the next."""
    if "worker:started_at" not in notes:
        return False
    started = _age(notes["worker:started_at"])
    return started < age and started <= interval + LATE_SECONDS


def _job(notes: dict[str, str], name: str, interval: int) -> Check:
    every = f"runs every {format_duration(interval) if interval > 1 else 'second'}"
    if f"{name}:ended_at" not in notes:
        return _first_run(notes, name, every)
    age = _age(notes[f"{name}:ended_at"])
    took = float(notes.get(f"{name}:seconds", 0))
    if error := notes.get(f"{name}:error"):
        problem = f"last run failed {format_duration(age)} ago with {error}"
        return fail(name, problem, "Look at the worker's log; the next run tries again")
    value = f"last run {format_duration(age)} ago, took {took:.3f} s, {every}"
    if age - took > interval + LATE_SECONDS and _is_starting(notes, interval, age):
        return ok(name, f"starting, last run {format_duration(age)} ago, {every}")
    advice = (
        "Look at the check worker; if it passes, look in the worker's log whether this job takes "
        "longer than its interval"
    )
    return ok_or_fail(name, age - took <= interval + LATE_SECONDS, value, advice)


def _first_run(notes: dict[str, str], name: str, every: str) -> Check:
    if f"{name}:started_at" not in notes:
        return ok(name, f"not run yet, {every}")
    age = _age(notes[f"{name}:started_at"])
    value = f"first run started {format_duration(age)} ago, {every}"
    advice = "Look in the worker's log where this job hangs, and restart the worker"
    return ok_or_fail(name, age <= MAX_RUN_SECONDS, value, advice)


async def _changed(services: Services, notes: dict[str, str]) -> Check:
    """Check that changed projects are synced in time: none waits longer than since the last sync."""
    shards = range(services.settings.vote_shards)
    redis: Any = services.redis
    count = sum([await redis.hlen(keys.changed(shard)) for shard in shards])
    interval = services.settings.sync_interval
    age = _age(notes.get("sync_tallies:ended_at", "0"))
    if _is_starting(notes, interval, age):
        return ok("changed projects", f"{count} waiting, the worker is starting")
    if "sync_tallies:ended_at" not in notes:
        advice = f"{START}; until the first sync, lists show old numbers"
        return ok_or_fail("changed projects", not count, f"{count} waiting, never synced", advice)
    in_time = not count or age <= interval + LATE_SECONDS
    value = f"{count} waiting, last sync {format_duration(age)} ago"
    advice = "Look at the checks worker and sync_tallies; until the next sync, lists show old numbers"
    return ok_or_fail("changed projects", in_time, value, advice)


def _drift(notes: dict[str, str]) -> Check:
    if "drift:at" not in notes:
        return ok("drift", "not checked yet; upvote verify checks it now")
    age = format_duration(_age(notes["drift:at"]))
    found, remaining = int(notes["drift:found"]), int(notes["drift:remaining"])
    if not found:
        return ok("drift", f"no differences found {age} ago")
    differences = "1 difference" if found == 1 else f"{found} differences"
    if not remaining:
        return ok("drift", f"{differences} found {age} ago, all repaired")
    problem = f"{differences} found {age} ago, {remaining} not repaired"
    return fail("drift", problem, "Run upvote reconcile --repair, which prints why each one remains")


def _age(noted_at: str) -> float:
    """Return how long ago (s) a time was that the worker noted."""
    return time.time() - float(noted_at)
