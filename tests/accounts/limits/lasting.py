"""The app with as many votes as the contract allows, in windows that no test outlasts."""

from collections.abc import AsyncIterator

import pytest
from quart import Quart

from app.main import create_app
from app.settings import Settings

HOUR = 3600  # s


@pytest.fixture(scope="session")
async def app(settings: Settings) -> AsyncIterator[Quart]:
    lasting = {"rate_limit_window": HOUR, "account_limit_window": HOUR}
    async with create_app(settings.model_copy(update=lasting)).test_app() as serving:
        yield serving.app
