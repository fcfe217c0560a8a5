"""The board with all that stands in front of it, with and without limits."""

import pytest

from app.main import create_app
from tests.accounts.limits.lasting import app
from tests.asgi_calls import Browser, front_of

__all__ = ["app"]

TRIES = 2  # that the guarded board leaves to an address, and to a name


@pytest.fixture
def front(app):
    """With the limits on votes."""
    return front_of(app)


@pytest.fixture
def free_front(free_app):
    """Without limits."""
    return front_of(free_app)


@pytest.fixture
def browser(free_app, free_front):
    """Somebody's browser, on the board without limits."""
    return lambda account=None, **fixed: Browser(free_front, free_app, account, **fixed)


@pytest.fixture(scope="module")
async def guarded(settings):
    """A board that leaves each address and each name TRIES tries to sign in, in an hour."""
    limits = {"auth_limit_max": TRIES, "auth_limit_window": 3600}
    async with create_app(settings.model_copy(update=limits)).test_app() as serving:
        yield serving.app
