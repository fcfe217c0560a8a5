"""Boards that another site hands its users over to."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from quart import Quart

from app.accounts.handover.key_ring import KeyRing
from app.main import create_app
from app.settings import Settings
from tests.accounts.handover.site import BOARD, PAIRS, PUBLIC, key_file
from tests.board.organise import organise
from tests.conftest import NO_LIMITS

__all__ = ["organise"]


@pytest.fixture(scope="session")
def site_settings(settings: Settings) -> Settings:
    return settings.model_copy(update={**NO_LIMITS, "base_url": BOARD, "handover_keys": PAIRS})


@pytest.fixture(scope="session")
async def site_app(site_settings: Settings) -> AsyncIterator[Quart]:
    async with create_app(site_settings).test_app() as serving:
        yield serving.app


@pytest.fixture(scope="session")
async def other_process(site_settings: Settings) -> AsyncIterator[Quart]:
    """Return the app of another web process of that board."""
    async with create_app(site_settings).test_app() as serving:
        yield serving.app


@pytest.fixture
def ring() -> KeyRing:
    return KeyRing(PAIRS)


@pytest.fixture
def file_ring(tmp_path: Path) -> KeyRing:
    path = tmp_path / "keys.json"
    path.write_text(key_file(**PUBLIC))
    return KeyRing(str(path))
