"""Heartbeats count the processes that are alive, whatever their version or their clock."""

import asyncio
import json
import time

import pytest

from app.operations.ops.heartbeat import Heartbeat, read_heartbeats, send_heartbeats
from tests.waiting import CEILING, until


async def test_a_process_of_another_version_is_counted(redis, monkeypatch):
    monkeypatch.setattr("app.operations.ops.heartbeat.EXPIRY_SECONDS", CEILING)
    heartbeat = json.dumps({"at": time.time(), "role": "web", "streams": 3, "mood": "new"})
    await redis.hset("metrics:processes", "elsewhere:1", heartbeat)
    assert Heartbeat("web", streams=3) in await read_heartbeats(redis)
    await redis.hdel("metrics:processes", "elsewhere:1")


@pytest.mark.parametrize("ahead", [-3600, 3600])
async def test_a_process_whose_clock_is_wrong_is_counted(app, redis, monkeypatch, ahead):
    services, right = app.extensions["upvote"], time.time
    role = f"clock-{ahead}"
    with monkeypatch.context() as patch:
        patch.setattr("time.time", lambda: right() + ahead)
        sending = asyncio.create_task(send_heartbeats(services, role))

        async def is_counted() -> bool:
            return role in [heartbeat.role for heartbeat in await read_heartbeats(redis)]

        await until(is_counted)
    assert await is_counted()
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    assert not await is_counted()
