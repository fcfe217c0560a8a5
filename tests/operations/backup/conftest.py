"""A database that a board can be restored to."""

from pathlib import Path

import pytest

from app.settings import Settings
from tests.second_board import another_board


@pytest.fixture
async def target(settings: Settings, tmp_path: Path):
    """The settings of a database that does not exist yet, and of an empty Redis."""
    async with another_board(settings, f"target_{tmp_path.name}", 2) as there:
        yield there
