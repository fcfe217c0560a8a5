"""A real provider program on a free port, and a board that people sign in to with it."""

import itertools
import logging
from collections.abc import AsyncIterator, Iterator

import pytest
from oidc_provider_mock import run_server_in_thread
from quart import Quart

from app.board.change import change_board
from app.board.settings import KEYS, BoardSettings
from app.main import create_app
from app.settings import Settings
from tests.accounts.hashing import quick_hashes
from tests.accounts.single_sign_on.person import Person
from tests.board.organise import Organise
from tests.conftest import NO_LIMITS

__all__ = ["quick_hashes"]

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def issuer() -> Iterator[str]:
    """Run the provider; yield its issuer."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    with run_server_in_thread(require_nonce=True) as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture(scope="session")
def sso_settings(settings: Settings, issuer: str) -> Settings:
    return settings.model_copy(
        update={
            **NO_LIMITS,
            "base_url": "http://localhost",
            "oidc_issuer": issuer,
            "oidc_client_id": "upvote",
            "oidc_client_secret": "a secret of the tests",
            "oidc_label": "Example Ltd",
        }
    )


@pytest.fixture(scope="session")
async def sso_app(sso_settings: Settings) -> AsyncIterator[Quart]:
    """Return the app of a board with passwords and the provider."""
    async with create_app(sso_settings).test_app() as serving:
        yield serving.app


@pytest.fixture
def person(sso_app: Quart, issuer: str) -> Person:
    """Return somebody who has an account at the provider and none on the board."""
    return Person(sso_app, issuer, f"subject-{next(_numbers)}")


@pytest.fixture
def another(sso_app: Quart, issuer: str) -> Person:
    return Person(sso_app, issuer, f"subject-{next(_numbers)}")


@pytest.fixture
async def organise(sso_app: Quart, app: Quart, free_app: Quart) -> AsyncIterator[Organise]:
    """Return a function that sets keys of the board; all apps obey when it returns."""
    boards = [each.extensions["upvote"].board for each in (sso_app, app, free_app)]

    async def change(**texts: str) -> BoardSettings:
        after = await change_board(boards[0], None, texts)
        for board in boards:
            await board.refresh()
        return after

    yield change
    await change(**dict.fromkeys(KEYS, ""))
