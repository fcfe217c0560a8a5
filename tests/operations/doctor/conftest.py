"""A board whose checks all pass, with a Valkey and a database of its own, and a way to check it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import asyncpg
import pytest

from app.operations.doctor.check import Check
from app.operations.doctor.run_checks import run_checks
from app.services import Services, open_services
from app.settings import Settings
from app.storage.migrate import migrate
from tests.servers import RunningServer, start_valkey
from tests.waiting import CEILING
from workers.make_partitions import make_partitions
from workers.persist_events import persist_events
from workers.reconcile import reconcile
from workers.schedule import resilient
from workers.sync_tallies import sync_tallies

LONG_AGO = 3 * 3600  # s


@dataclass
class CheckedBoard:
    """A board that doctor can check, also with other settings."""

    services: Services
    valkey: RunningServer

    async def work(self) -> None:
        """Run the worker's jobs once each."""
        for job in (make_partitions, persist_events, sync_tallies, reconcile):
            await resilient(job)({"services": self.services, "busy": set()})

    async def run_checks(self, **changes: object) -> dict[str, Check]:
        """Return the checks by name, with some settings changed."""
        settings = self.services.settings.model_copy(update=changes)
        return {check.name: check for check in await run_checks(settings)}

    async def failing(self, **changes: object) -> set[str]:
        """Return the names of the checks that fail."""
        checks = await self.run_checks(**changes)
        return {check.name for check in checks.values() if not check.passed}


@pytest.fixture(scope="session")
async def built_checked_board(
    settings: Settings, postgres: RunningServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[CheckedBoard]:
    url = postgres.url.replace("/upvote?", "/checked_board?")
    with start_valkey(tmp_path_factory.mktemp("checked_board")) as valkey:
        own = settings.model_copy(
            update={"database_url": url, "redis_url": valkey.url, "secret_key": "wQx7Lm2-Rf9Kd4Ty"}
        )
        await asyncio.to_thread(migrate, own)
        async with open_services(own) as services:
            yield CheckedBoard(services, valkey)
    connection = await asyncpg.connect(postgres.url)
    await connection.execute('DROP DATABASE "checked_board" WITH (FORCE)')
    await connection.close()


@pytest.fixture
async def checked_board(
    built_checked_board: CheckedBoard, monkeypatch: pytest.MonkeyPatch
) -> CheckedBoard:
    """A board whose checks all pass, even on a slow machine."""
    monkeypatch.setattr("app.operations.doctor.postgresql.TIMEOUT_SECONDS", CEILING)
    monkeypatch.setattr("app.operations.doctor.run_checks.TIMEOUT_SECONDS", CEILING)
    # A slow machine may be late by this much; what a test makes late is hours old (LONG_AGO).
    for module in ("app.operations.doctor.worker", "app.operations.doctor.redis"):
        monkeypatch.setattr(f"{module}.LATE_SECONDS", CEILING)
    await built_checked_board.work()
    return built_checked_board
