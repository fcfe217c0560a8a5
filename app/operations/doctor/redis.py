"""Checks of Redis: the server, its settings, and what waits in it."""

import time
from dataclasses import replace
from typing import Any

from redis.exceptions import ResponseError

from app.errors import VotesUnavailable
from app.operations.doctor import clock, worker
from app.operations.doctor.check import Check, ago, fail, judge, ok, where
from app.services import Services
from app.storage.connections import REDIS_AWAY
from app.voting import keys

OLDEST_VERSION = (7, 0)  # the first with functions
FULL = 0.85  # of maxmemory; from there a burst of votes may fill it before anybody looks
LATE_SECONDS = 10  # how much later than its interval an event may be persisted


async def check_redis(services: Services) -> list[Check]:
    """One line if Redis does not answer, for nothing else can be known then."""
    redis: Any = services.redis
    address = where(services.settings.redis_url or "")
    try:
        return [
            *await _servers(redis, address),
            await _shards(services),
            await _function(services),
            await _waiting(services),
            *await worker.check_worker(services),
        ]
    except REDIS_AWAY as error:
        advice = "Start it (upvote serve brings its own), or correct REDIS_URL"
        return [fail("redis", f"does not answer at {address} ({error})", advice)]


async def _servers(redis: Any, address: str) -> list[Check]:
    """The checks of one server, or of each primary of a Cluster, whose address is in their names."""
    options = {"target_nodes": "primaries"} if await redis.is_cluster() else {}
    before = time.time()
    times = await redis.execute_command("TIME", **options)
    after = time.time()
    infos = await redis.execute_command("INFO", **options)
    told = await _appendfsync(redis, options)
    if not isinstance(times, dict):
        return _server(address, infos, told, clock.compare("redis", before, times, after))
    return [
        replace(check, name=f"{check.name} of {node}")
        for node in times
        for check in _server(
            node, infos[node], told.get(node, {}), clock.compare("redis", before, times[node], after)
        )
    ]


def _server(address: str, info: dict[str, Any], told: dict[str, str], clocks: Check) -> list[Check]:
    return [
        _version(info, address),
        *_durability(info, told.get("appendfsync", "not told")),
        _memory(info),
        clocks,
    ]


async def _appendfsync(redis: Any, options: dict[str, Any]) -> dict[str, Any]:
    """Many hosted servers do not tell their settings."""
    try:
        told: dict[str, Any] = await redis.execute_command("CONFIG GET", "appendfsync", **options)
    except ResponseError:
        return {}
    return told


def _version(info: dict[str, Any], address: str) -> Check:
    version = str(info.get("redis_version", "0"))
    name = f"Valkey {info['valkey_version']}" if "valkey_version" in info else f"Redis {version}"
    if info.get("role") == "slave":
        advice = "Let REDIS_URL name the primary"
        return fail("redis", f"{address} is a replica, which takes no votes", advice)
    new_enough = tuple(map(int, version.split(".")[:2])) >= OLDEST_VERSION
    return judge("redis", new_enough, f"{name} at {address}", "Upgrade to Redis 7.0 or any Valkey")


def _durability(info: dict[str, Any], appendfsync: str) -> list[Check]:
    appendonly = "yes" if info.get("aof_enabled") else "no"
    written = info.get("aof_last_write_status", "ok")
    policy = str(info.get("maxmemory_policy", "not told"))
    return [
        judge(
            "appendonly",
            appendonly == "yes",
            appendonly,
            "A restart loses all that is not persisted: set appendonly yes in its configuration",
        ),
        judge(
            "append-only file",
            written == "ok",
            f"last write {written}",
            "Look for a full disk or a read-only one where Redis keeps its data",
        ),
        judge(
            "appendfsync",
            appendfsync != "no",
            appendfsync,
            "Set appendfsync everysec, or always to survive a power cut too",
        ),
        judge(
            "maxmemory-policy",
            policy == "noeviction",
            policy,
            "Votes may be evicted: set maxmemory-policy noeviction in its configuration",
        ),
    ]


def _memory(info: dict[str, Any]) -> Check:
    used, most = int(info.get("used_memory", 0)), int(info.get("maxmemory", 0))
    if not most:
        return ok("memory", f"{_megabytes(used)}, no limit")
    advice = "Raise maxmemory, or lower COOL_AFTER; when it is full, votes get 503"
    value = f"{_megabytes(used)} of {_megabytes(most)}, {100 * used / most:.0f} %"
    return judge("memory", used < FULL * most, value, advice)


def _megabytes(count: int) -> str:
    return f"{count / 1_048_576:.1f} MB"


async def _shards(services: Services) -> Check:
    found, ours = await services.redis.get(keys.SHARDS), services.settings.vote_shards
    if found is None or int(found) == ours:
        return ok("shards", f"{ours}, as in VOTE_SHARDS")
    advice = (
        f"Set VOTE_SHARDS={int(found)} again, or stop web and worker, run upvote settle with "
        f"VOTE_SHARDS={int(found)}, and start with {ours}"
    )
    return fail("shards", f"VOTE_SHARDS is {ours}, but Redis holds the votes of {int(found)}", advice)


async def _function(services: Services) -> Check:
    """Asks as a vote would, which loads the functions and compares Redis with PostgreSQL."""
    try:
        await services.functions.ping()
    except VotesUnavailable as error:
        advice = (
            "It loads itself as soon as Redis may write and PostgreSQL answers: see the lines for both"
        )
        return fail("vote functions", f"take no votes ({error})", advice)
    return ok("vote functions", "loaded, take votes")


async def _waiting(services: Services) -> Check:
    """What waits to be persisted."""
    redis: Any = services.redis
    length, first_ms = 0, []
    for shard in range(services.settings.vote_shards):
        length += await redis.xlen(keys.events(shard))
        oldest = await redis.xrange(keys.events(shard), count=1)
        first_ms += [int(entry_id.split(b"-")[0]) for entry_id, _ in oldest]
    if not first_ms:
        return ok("events", "none wait")
    age = time.time() - min(first_ms) / 1000  # by Redis' clock, which has a line of its own
    in_time = age < services.settings.persist_interval + LATE_SECONDS
    advice = "They are safe where they are; see the lines on worker, persist_events and postgresql"
    return judge("events", in_time, f"{length} wait, the oldest for {ago(age)}", advice)
