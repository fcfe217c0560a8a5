"""A Redis client that detects whether REDIS_URL names a node of a Cluster."""

from collections.abc import AsyncIterator
from typing import Any

from redis.asyncio import Redis, SSLConnection
from redis.asyncio.client import Pipeline
from redis.asyncio.cluster import ClusterNode, RedisCluster
from redis.exceptions import ConnectionError, RedisClusterException

from app.storage.timeouts import (
    CLUSTER_NODE_SECONDS,
    CLUSTER_SECONDS,
    PIPELINE_SECONDS,
    REDIS_SECONDS,
    within,
)

OPTIONS = ("username", "password")


class RedisClient(Redis):
    """A client of one server or of a Cluster; the first command that gets an answer detects which.

    A command raises TimeoutError when it, with connecting, takes longer than app/storage/timeouts.py
    allows.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._cluster: RedisCluster | None = None
        self._is_detected = False
        self._seen_nodes: set[tuple[str, int]] = set()

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        if not await self.is_cluster():
            async with within(REDIS_SECONDS):
                return await super().execute_command(*args, **options)
        assert self._cluster is not None
        try:
            async with within(CLUSTER_SECONDS):
                return await self._cluster.execute_command(*args, **options)
        except (RedisClusterException, AttributeError, TimeoutError) as error:
            # redis-py forgets nodes that did not answer, until it knows none, and fails on connections
            # that an earlier failed call has closed. So the next command starts with a new client.
            self._cluster = self._open_cluster()
            raise ConnectionError(f"the Cluster does not answer: {error}") from error

    def pipeline(self, transaction: bool = True, shard_hint: Any = None) -> Any:
        if self._cluster is not None:
            return self._cluster.pipeline()
        return _Pipeline(self.connection_pool, self.response_callbacks, transaction, shard_hint)

    async def scan_shard(self, pattern: str, count: int) -> AsyncIterator[bytes]:
        """Yield the keys that match a pattern with a hash tag, from the one server that has them."""
        await self.is_cluster()
        options: dict[str, Any] = {}
        if self._cluster is not None:
            options["target_nodes"] = self._cluster.get_node_from_key(pattern)
        cursor: Any = "0"
        while True:
            reply = await self.execute_command(
                "SCAN", cursor, "MATCH", pattern, "COUNT", count, **options
            )
            cursor, keys = next(iter(reply.values())) if isinstance(reply, dict) else reply
            for key in keys:
                yield key
            if int(cursor) == 0:
                return

    async def is_cluster(self) -> bool:
        if not self._is_detected:
            async with within(REDIS_SECONDS):
                await self._detect()
        return self._cluster is not None

    async def aclose(self, close_connection_pool: bool | None = None) -> None:
        if self._cluster is not None:
            await self._cluster.aclose()
        await super().aclose(close_connection_pool)

    async def _detect(self) -> None:
        info = await super().execute_command("INFO", "cluster")
        if info.get("cluster_enabled") == 1:
            self._cluster = self._open_cluster()
        self._is_detected = True

    def _open_cluster(self) -> "_Cluster":
        """Return a client that knows every node seen so far, so that any of them can be its entry."""
        given = self.connection_pool.connection_kwargs
        options = {name: given[name] for name in OPTIONS if given.get(name) is not None}
        options |= dict.fromkeys(("socket_timeout", "socket_connect_timeout"), CLUSTER_NODE_SECONDS)
        options["ssl"] = issubclass(self.connection_pool.connection_class, SSLConnection)
        known = self._cluster.get_nodes() if self._cluster is not None else []
        self._seen_nodes |= {(given["host"], given["port"])}
        self._seen_nodes |= {(node.host, int(node.port)) for node in known}
        nodes = [ClusterNode(host, port, **options) for host, port in self._seen_nodes]
        return _Cluster(startup_nodes=nodes, **options)  # type: ignore[abstract]


class _Pipeline(Pipeline):
    async def execute(self, raise_on_error: bool = True) -> list[Any]:
        async with within(PIPELINE_SECONDS):
            return await super().execute(raise_on_error)


class _Cluster(RedisCluster):
    """A Cluster client that gives up after one retry and works while some slots are not served."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            require_full_coverage=False,
            cluster_error_retry_attempts=1,
            connection_error_retry_attempts=0,
            **options,
        )

    async def _determine_slot(self, command: str, *args: Any) -> int:
        # All keys of our functions share one slot. redis-py would ask a server for the keys of each
        # FCALL.
        if command in ("FCALL", "FCALL_RO"):
            return int(self.keyslot(args[2]))
        return await super()._determine_slot(command, *args)
