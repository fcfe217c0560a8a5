"""The app with the default numbers of votes, in windows of an hour, longer than any test."""

from collections.abc import AsyncIterator

import pytest
from quart import Quart

from app.main import create_app
from app.settings import Settings

HOUR = 3600  # s


@pytest.fixture(scope="session")
async def app(settings: Settings) -> AsyncIterator[Quart]:
    windows = {"rate_limit_window": HOUR, "account_limit_window": HOUR}
    async with create_app(settings.model_copy(update=windows)).test_app() as serving:
        yield serving.app
