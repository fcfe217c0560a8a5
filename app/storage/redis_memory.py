"""Redis at its limit of memory: how much is used, and writes that it takes all the same.

A Redis whose memory is full refuses every command that may need more. A script whose first line says
`allow-oom` runs nevertheless: it is for writes of a bounded few bytes.
"""

from collections.abc import Mapping
from typing import Any

ALLOW_WHEN_FULL = "#!lua flags=allow-oom\n"
SET_FIELDS = f"{ALLOW_WHEN_FULL}return redis.call('HSET', KEYS[1], unpack(ARGV))"


async def set_fields(redis: Any, key: str, fields: Mapping[str, Any]) -> None:
    """Set a few fields of a hash, also while Redis' memory is full."""
    pairs = [part for pair in fields.items() for part in pair]
    await redis.execute_command("EVAL", SET_FIELDS, 1, key, *pairs)


async def share_used(redis: Any) -> float:
    """Return how much of its `maxmemory` Redis uses: 1.0 is all of it, 0.0 means that it has no limit.

    On a Cluster it is that of the fullest primary.
    """
    return max(share_of(server) for server in await memory_of(redis))


async def memory_of(redis: Any) -> list[Mapping[str, Any]]:
    """Return what INFO says about the memory of the server, or of each primary of a Cluster."""
    options = {"target_nodes": "primaries"} if await redis.is_cluster() else {}
    info = await redis.execute_command("INFO", "memory", **options)
    return [info] if "used_memory" in info else list(info.values())


def share_of(info: Mapping[str, Any]) -> float:
    """Return how much of its `maxmemory` a server uses, of which INFO says this."""
    limit = int(info.get("maxmemory", 0))
    return int(info["used_memory"]) / limit if limit else 0.0
