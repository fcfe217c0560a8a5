"""The app with its fast paths and middleware, with and without limits."""

import pytest

from app.accounts.attempts import SHARES_OF_AN_ADDRESS
from app.main import create_app
from tests.accounts.limits.lasting import app
from tests.asgi_calls import Browser, with_middleware

__all__ = ["app"]

TRIES = 2  # wrong passwords for a name, and accounts made from an address, on the guarded board
TRIES_OF_AN_ADDRESS = TRIES * SHARES_OF_AN_ADDRESS


@pytest.fixture
def front(app):
    """Return the app with the limits on votes."""
    return with_middleware(app)


@pytest.fixture
def free_front(free_app):
    """Return the app without limits."""
    return with_middleware(free_app)


@pytest.fixture
def browser(free_app, free_front):
    """Return a function that opens a browser on the board without limits."""
    return lambda account=None, **fixed: Browser(free_front, free_app, account, **fixed)


@pytest.fixture(scope="module")
async def guarded(settings):
    """Return a board where a name has TRIES wrong passwords and an address new accounts an hour."""
    limits = {"auth_limit_max": TRIES, "auth_limit_window": 3600}
    limits |= {"register_limit_max": TRIES}
    async with create_app(settings.model_copy(update=limits)).test_app() as serving:
        yield serving.app
