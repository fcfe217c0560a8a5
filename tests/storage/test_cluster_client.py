"""Whatever redis-py raises while a Cluster is away, callers see that Redis is away."""

import asyncio

import pytest
from redis.asyncio.cluster import ClusterPipeline, RedisCluster
from redis.exceptions import RedisClusterException

from app.settings import Settings
from app.storage import redis_client
from app.storage.away import REDIS_AWAY
from app.storage.connections import open_redis
from tests.waiting import CEILING


@pytest.fixture
async def client(settings: Settings):
    """A client that has found out that its server is a node of a Cluster."""
    client = open_redis(settings.model_copy(update={"redis_url": "redis://localhost:1"}))
    client._is_detected, client._cluster = True, client._open_cluster()
    yield client
    await client.aclose()


async def hang(*_: object, **__: object) -> None:
    await asyncio.sleep(10 * CEILING)


def failing(error: Exception):
    async def fail(*_: object, **__: object) -> None:
        raise error

    return fail


ENDS = {
    "a connection that another call closed": failing(AttributeError("no attribute 'read_response'")),
    "no node": failing(RedisClusterException("cannot be connected")),
    "silence": hang,
}

CALLS = {
    "a command": lambda client: client.get("key"),
    "a pipeline": lambda client: client.pipeline(transaction=False).hgetall("key").execute(),
}


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("kind", CALLS)
async def test_a_failed_cluster_is_away_and_the_next_call_has_a_new_client(
    client, monkeypatch, kind, end
):
    monkeypatch.setattr(redis_client, "CLUSTER_SECONDS", 0.1)
    monkeypatch.setattr(redis_client, "PIPELINE_SECONDS", 0.1)
    monkeypatch.setattr(RedisCluster, "execute_command", ENDS[end])
    monkeypatch.setattr(ClusterPipeline, "execute", ENDS[end])
    before = client._cluster
    with pytest.raises(REDIS_AWAY):
        await asyncio.wait_for(CALLS[kind](client), CEILING)
    assert client._cluster is not before
