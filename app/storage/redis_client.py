"""A Redis client that detects whether REDIS_URL names a node of a Cluster."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from redis.asyncio import Redis, SSLConnection
from redis.asyncio.client import Pipeline
from redis.asyncio.cluster import ClusterNode, ClusterPipeline, RedisCluster
from redis.exceptions import ConnectionError, NoPermissionError, RedisClusterException, RedisError

from app.storage.breaker import Breaker
from app.storage.outages import outages
from app.storage.redis_pool import WRONG_SERVER, RedisPool
from app.storage.timeouts import (
    CLUSTER_NODE_SECONDS,
    CLUSTER_SECONDS,
    PIPELINE_SECONDS,
    REDIS_SECONDS,
    within,
)

OPTIONS = ("username", "password", "ssl_")  # prefixes of what the URL says about every node
SERVER = "server"  # the breaker's name for a server that is no Cluster


class RedisClient(Redis):
    """A client of one server or of a Cluster; the first command that gets an answer detects which.

    A command raises TimeoutError when it, with connecting, takes longer than app/storage/timeouts.py
    allows. After that, one command at a time tries the server again, and the others raise
    ConnectionError at once.
    """

    connection_pool: RedisPool

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._cluster: RedisCluster | None = None
        self._is_detected = False
        self._seen_nodes: set[tuple[str, int]] = set()
        self._breaker = Breaker()

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        if not await self.is_cluster():
            ask = super().execute_command
            return await self.guarded(REDIS_SECONDS, lambda: ask(*args, **options))
        assert self._cluster is not None
        ask = self._cluster.execute_command
        return await self.ask_cluster(CLUSTER_SECONDS, lambda: ask(*args, **options))

    async def ask_cluster(self, seconds: float, ask: Callable[[], Awaitable[Any]]) -> Any:
        """Ask the Cluster."""
        try:
            async with within(seconds):
                return await ask()
        except (RedisClusterException, AttributeError, TimeoutError) as error:
            # redis-py forgets nodes that did not answer, until it knows none, and fails on connections
            # that an earlier failed call has closed. So the next command starts with a new client.
            self._cluster = self._open_cluster()
            raise ConnectionError(f"the Cluster does not answer: {error}") from error

    def pipeline(self, transaction: bool = True, shard_hint: Any = None) -> Any:
        if self._cluster is not None:
            return _ClusterPipeline(self._cluster, self)  # type: ignore[abstract]
        pipeline = _Pipeline(self.connection_pool, self.response_callbacks, transaction, shard_hint)
        pipeline.owner = self
        return pipeline

    async def guarded(self, seconds: float, ask: Callable[[], Awaitable[Any]]) -> Any:
        """Ask the one server, unless it has just failed to; leave it if it is the wrong one."""
        if self._breaker.refuses(SERVER):
            raise ConnectionError("Redis did not answer a moment ago")
        try:
            async with within(seconds):
                answer = await ask()
        except TimeoutError as error:
            self._breaker.open(SERVER)
            outages.fail("Redis", error)
            raise
        except RedisError as error:
            self._breaker.close(SERVER)
            if isinstance(error, (ConnectionError, *WRONG_SERVER)):
                outages.fail("Redis", error)
            if isinstance(error, WRONG_SERVER):
                await self.connection_pool.leave_server()
            raise
        self._breaker.close(SERVER)
        if outages.away:
            outages.succeed("Redis")
        return answer

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
            await self.guarded(REDIS_SECONDS, self._detect)
        return self._cluster is not None

    async def server_of(self, key: str) -> str:
        """Return what tells the server that holds a key apart from any other, and from itself before a
        restart; "" if it does not show that.

        The number of the database is a part of it, since another one has other keys.
        """
        await self.is_cluster()
        options: dict[str, Any] = {}
        if self._cluster is not None:
            options["target_nodes"] = self._cluster.get_node_from_key(key)
        try:
            info = await self.execute_command("INFO", "server", **options)
        except NoPermissionError:
            return ""
        if "run_id" not in info:  # a Cluster's answer is by node
            info = next(iter(info.values()))
        return f"{info.get('run_id', '')[:16]}/{self.database}"

    @property
    def database(self) -> int:
        """Return the number of the database on the server."""
        return int(self.connection_pool.connection_kwargs.get("db") or 0)

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
        options = {name: value for name, value in given.items() if name.startswith(OPTIONS)}
        options |= dict.fromkeys(("socket_timeout", "socket_connect_timeout"), CLUSTER_NODE_SECONDS)
        options["ssl"] = issubclass(self.connection_pool.connection_class, SSLConnection)
        known = self._cluster.get_nodes() if self._cluster is not None else []
        self._seen_nodes |= {(given["host"], given["port"])}
        self._seen_nodes |= {(node.host, int(node.port)) for node in known}
        nodes = [ClusterNode(host, port, **options) for host, port in self._seen_nodes]
        return _Cluster(startup_nodes=nodes, **options)  # type: ignore[abstract]


class _Pipeline(Pipeline):
    owner: RedisClient

    async def execute(self, raise_on_error: bool = True) -> list[Any]:
        execute = super().execute
        done: list[Any] = await self.owner.guarded(PIPELINE_SECONDS, lambda: execute(raise_on_error))
        return done


class _ClusterPipeline(ClusterPipeline):
    def __init__(self, cluster: RedisCluster, owner: RedisClient) -> None:
        super().__init__(cluster)
        self._owner = owner

    async def execute(self, *args: Any, **options: Any) -> list[Any]:
        execute = super().execute
        done: list[Any] = await self._owner.ask_cluster(
            PIPELINE_SECONDS, lambda: execute(*args, **options)
        )
        return done


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
