"""Checks of Redis: the server, its settings, the vote functions, and what waits to be persisted."""

import time
from dataclasses import replace
from typing import Any

from redis.exceptions import ResponseError

from app.errors import VotesUnavailable
from app.operations.doctor import clock, worker
from app.operations.doctor.budget import check_budget
from app.operations.doctor.check import Check, fail, format_duration, ok, ok_or_fail, server_address
from app.services import Services
from app.storage.away import REDIS_AWAY
from app.voting import keys

MIN_VERSION = (7, 0)  # the first with functions
MAX_SHARE_USED = 0.85  # of maxmemory; above it, a burst of votes may fill it before anybody notices
LATE_SECONDS = 10  # how much later than its interval an event may be persisted
UNKNOWN = "unknown, the server does not show it"


async def check_redis(services: Services) -> list[Check]:
    """Return the checks of Redis and of the worker, or a single one if Redis does not answer."""
    redis: Any = services.redis
    address = server_address(services.settings.redis_url or "")
    try:
        return [
            *await _servers(redis, address),
            await _shards(services),
            await _functions(services),
            await check_budget(services),
            await _events(services),
            *await worker.check_worker(services),
        ]
    except REDIS_AWAY as error:
        advice = "Start Redis (upvote serve starts its own), or correct REDIS_URL"
        problem = f"no answer from {address} ({str(error).rstrip('.')})"
        return [fail("redis", problem, advice)]


async def _servers(redis: Any, address: str) -> list[Check]:
    """Return the checks of one server, or of each primary of a Cluster (named with its address)."""
    options = {"target_nodes": "primaries"} if await redis.is_cluster() else {}
    before = time.time()
    times = await redis.execute_command("TIME", **options)
    after = time.time()
    infos = await redis.execute_command("INFO", **options)
    configs = await _appendfsync(redis, options)
    if not isinstance(times, dict):
        return _server(address, infos, configs, clock.compare("redis", before, times, after))
    return [
        replace(check, name=f"{check.name} of {node}")
        for node in times
        for check in _server(
            node, infos[node], configs.get(node, {}), clock.compare("redis", before, times[node], after)
        )
    ]


def _server(
    address: str, info: dict[str, Any], config: dict[str, str], clock_check: Check
) -> list[Check]:
    return [
        _version(info, address),
        _appendonly(info),
        _append_only_file(info),
        _fsync(config.get("appendfsync", UNKNOWN)),
        _eviction(info),
        _memory(info),
        clock_check,
    ]


async def _appendfsync(redis: Any, options: dict[str, Any]) -> dict[str, Any]:
    """Return the answer to CONFIG GET, or {}: many hosted servers do not allow it."""
    try:
        found: dict[str, Any] = await redis.execute_command("CONFIG GET", "appendfsync", **options)
    except ResponseError:
        return {}
    return found


def _version(info: dict[str, Any], address: str) -> Check:
    version = str(info.get("redis_version", "0"))
    name = f"Valkey {info['valkey_version']}" if "valkey_version" in info else f"Redis {version}"
    if info.get("role") == "slave":
        advice = "Let REDIS_URL name the primary"
        return fail("redis", f"{address} is a replica, which cannot take votes", advice)
    if tuple(map(int, version.split(".")[:2])) < MIN_VERSION:
        return fail("redis", f"{name} at {address} is too old", "Upgrade to Redis 7.0 or any Valkey")
    return ok("redis", f"{name} at {address}")


def _appendonly(info: dict[str, Any]) -> Check:
    if info.get("aof_enabled"):
        return ok("appendonly", "yes")
    problem = "no, so a restart of Redis loses every vote that is not yet in PostgreSQL"
    return fail("appendonly", problem, "Set appendonly yes in Redis' configuration")


def _append_only_file(info: dict[str, Any]) -> Check:
    if info.get("aof_last_write_status", "ok") == "ok":
        return ok("append-only file", "last write succeeded")
    advice = (
        "Look for a full or read-only disk where Redis keeps its data, and do not restart Redis "
        "before it can write again"
    )
    return fail("append-only file", "last write failed, so votes get 503", advice)


def _fsync(value: str) -> Check:
    if value != "no":
        return ok("appendfsync", value)
    advice = "Set appendfsync everysec, or always to survive a power cut without loss"
    return fail("appendfsync", "no, so a power cut may lose half a minute of votes", advice)


def _eviction(info: dict[str, Any]) -> Check:
    policy = str(info.get("maxmemory_policy", UNKNOWN))
    if policy == "noeviction":
        return ok("maxmemory-policy", policy)
    advice = "Set maxmemory-policy noeviction in Redis' configuration"
    return fail("maxmemory-policy", f"{policy}, so Redis may evict votes when memory is full", advice)


def _memory(info: dict[str, Any]) -> Check:
    used, limit = int(info.get("used_memory", 0)), int(info.get("maxmemory", 0))
    if not limit:
        return ok("memory", f"{_megabytes(used)} used, no limit")
    value = f"{_megabytes(used)} of {_megabytes(limit)} used ({100 * used / limit:.0f} %)"
    advice = (
        "Raise maxmemory, or lower COOL_AFTER: from 95 % on, the worker removes projects without "
        "recent votes, and when memory is full, votes get 503"
    )
    return ok_or_fail("memory", used < MAX_SHARE_USED * limit, value, advice)


def _megabytes(count: int) -> str:
    return f"{count / 1_048_576:.1f} MB"


async def _shards(services: Services) -> Check:
    found, wanted = await services.redis.get(keys.SHARDS), services.settings.vote_shards
    if found is None or int(found) == wanted:
        return ok("shards", f"{wanted}, as VOTE_SHARDS says")
    problem = f"VOTE_SHARDS is {wanted}, but the votes in Redis were written with {int(found)}"
    advice = (
        f"Set VOTE_SHARDS={int(found)} again, or stop web and worker, run upvote settle with "
        f"VOTE_SHARDS={int(found)}, and start them with VOTE_SHARDS={wanted}"
    )
    return fail("shards", problem, advice)


async def _functions(services: Services) -> Check:
    """Ask as a vote would, unless that would begin a new epoch: doctor changes nothing."""
    try:
        for shard in range(services.settings.vote_shards):
            if await services.functions.is_compared(shard):
                continue
            reason = await services.functions.reason_to_compare(shard)
            if reason not in (None, "first"):
                advice = (
                    "The worker compares it within a second; else look at the checks worker and redis"
                )
                return fail(
                    "vote functions", f"Redis was found {reason} and is not compared yet", advice
                )
        await services.functions.ping()
    except VotesUnavailable as error:
        advice = (
            "They load by themselves once Redis accepts writes and PostgreSQL answers: look at the "
            "checks of both, then at the permissions of the user in REDIS_URL"
        )
        return fail("vote functions", f"cannot take votes ({error})", advice)
    return ok("vote functions", "loaded, ready for votes")


async def _events(services: Services) -> Check:
    """Check how long the oldest event has been waiting to be persisted."""
    redis: Any = services.redis
    length, times_ms = 0, []
    for shard in range(services.settings.vote_shards):
        length += await redis.xlen(keys.events(shard))
        oldest = await redis.xrange(keys.events(shard), count=1)
        times_ms += [int(entry_id.split(b"-")[0]) for entry_id, _ in oldest]
    if not times_ms:
        return ok("events", "none waiting")
    age = time.time() - min(times_ms) / 1000  # by Redis' clock, which has a check of its own
    in_time = age < services.settings.persist_interval + LATE_SECONDS
    value = f"{length} waiting, the oldest for {format_duration(age)}"
    advice = (
        "They are safe in Redis, but do not reach PostgreSQL: look at the checks worker, "
        "persist_events and postgresql"
    )
    return ok_or_fail("events", in_time, value, advice)
