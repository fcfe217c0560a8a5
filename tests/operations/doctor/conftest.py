"""A board that is well, and a way to examine it. Its Valkey and its database are nobody else's."""

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
from workers.schedule import steady
from workers.sync_tallies import sync_tallies

LONG_AGO = 3 * 3600  # s


@dataclass
class Clinic:
    """A board and its doctor."""

    services: Services
    valkey: RunningServer

    async def work(self) -> None:
        """Let the worker do each job once."""
        for job in (make_partitions, persist_events, sync_tallies, reconcile):
            await steady(job)({"services": self.services, "busy": set()})

    async def run_checks(self, **changes: object) -> dict[str, Check]:
        """The checks by name, with some settings changed."""
        settings = self.services.settings.model_copy(update=changes)
        return {check.name: check for check in await run_checks(settings)}

    async def failing(self, **changes: object) -> set[str]:
        """The names of the checks that failed."""
        return {check.name for check in (await self.run_checks(**changes)).values() if not check.well}


@pytest.fixture(scope="session")
async def built_clinic(
    settings: Settings, postgres: RunningServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Clinic]:
    url = postgres.url.replace("/upvote?", "/clinic?")
    with start_valkey(tmp_path_factory.mktemp("clinic")) as valkey:
        own = settings.model_copy(
            update={"database_url": url, "redis_url": valkey.url, "secret_key": "wQx7Lm2-Rf9Kd4Ty"}
        )
        await asyncio.to_thread(migrate, own)
        async with open_services(own) as services:
            yield Clinic(services, valkey)
    connection = await asyncpg.connect(postgres.url)
    await connection.execute('DROP DATABASE "clinic" WITH (FORCE)')
    await connection.close()


@pytest.fixture
async def clinic(built_clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> Clinic:
    """A board that is well. Its doctor takes no slow machine for a server that hangs."""
    monkeypatch.setattr("app.operations.doctor.postgresql.SECONDS", CEILING)
    monkeypatch.setattr("app.operations.doctor.run_checks.PATIENCE_SECONDS", CEILING)
    # How long ago something may have been; what a test makes late is hours old (LONG_AGO).
    for module in ("app.operations.doctor.worker", "app.operations.doctor.redis"):
        monkeypatch.setattr(f"{module}.LATE_SECONDS", CEILING)
    await built_clinic.work()
    return built_clinic
