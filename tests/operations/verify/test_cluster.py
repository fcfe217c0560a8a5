"""Audit, repair, rebuild and doctor on a Cluster."""

import asyncio
import random

import asyncpg
import pytest

from app.operations.doctor.run_checks import run_checks
from app.operations.repair.reconcile import reconcile
from app.operations.verify.verify import verify
from app.operations.warm_up import rebuild
from app.services import open_services
from app.storage.migrate import migrate
from app.voting import keys
from app.voting.votes import Vote
from tests.cluster import running_cluster
from tests.conftest import NO_LIMITS
from tests.support import Board
from workers.sync_tallies import sync_tallies

pytestmark = pytest.mark.long

SHARDS = 4


async def test_a_cluster_is_verified_mended_rebuilt_and_examined(settings, postgres, tmp_path):
    own = {"database_url": postgres.url.replace("/upvote?", "/audited_cluster?"), "vote_shards": SHARDS}
    with running_cluster(tmp_path) as cluster:
        settings = settings.model_copy(update={**NO_LIMITS, **own, "redis_url": cluster.url})
        await asyncio.to_thread(migrate, settings)
        async with open_services(settings) as services:
            await go_through_all(services, Board(services.db))
    connection = await asyncpg.connect(postgres.url)
    await connection.execute('DROP DATABASE "audited_cluster" WITH (FORCE)')
    await connection.close()


async def go_through_all(services, board) -> None:
    projects, users = [await board.project() for _ in range(12)], await board.users(5)
    for project_id in projects:
        for user in users:
            await services.batcher.cast(Vote(project_id, user.id, random.choice((1, -1))))
    report = await verify(services)
    assert (report.findings, report.cached) == ([], 12)
    await services.persist_events()
    await sync_tallies(services)
    for project_id in projects:
        tally = keys.tally(keys.shard_of(project_id, SHARDS), project_id)
        await services.redis.hincrby(tally, "up", 3)
    outcome = await reconcile(services)
    assert (outcome.report.difference_count, len(outcome.repaired), outcome.remaining) == (12, 12, 0)
    assert (await rebuild(services)).hydrated == 12
    report = await verify(services)
    assert (report.findings, report.events, report.cached) == ([], 60, 12)
    checks = await run_checks(services.settings)
    names = [check.name for check in checks if check.passed]
    assert sum(name.startswith("appendonly of 127.0.0.1:") for name in names) == 3
    assert {check.name for check in checks if not check.passed} == {"secret key", "worker"}
