"""Signing in, registering or submitting too often gets 429 with Retry-After; a form keeps its text."""

import secrets

import pytest

from app.main import create_app
from app.voting import keys
from tests.support import client_of

SAME_SITE = {"Sec-Fetch-Site": "same-origin"}
# Quart's test client has no address.
NOBODY = keys.limit("address", "unknown")
WINDOW = 3600  # s; longer than any test


@pytest.fixture
async def limited_app(settings, redis):
    await redis.delete(NOBODY)
    limits = {"auth_limit_max": 3, "submit_limit_max": 2}
    limits |= {"auth_limit_window": WINDOW, "submit_limit_window": WINDOW}
    async with create_app(settings.model_copy(update=limits)).test_app() as serving:
        yield serving.app
    await redis.delete(NOBODY)


async def post(client, path, **form):
    return await client.post(path, form=form, headers=SAME_SITE)


def name() -> str:
    return f"n-{secrets.token_hex(5)}"


async def test_one_address_registers_and_signs_in_up_to_the_limit(limited_app):
    client = limited_app.test_client()
    assert (await post(client, "/register", username=name(), password="long enough")).status_code == 303
    assert (await post(client, "/login", username=name(), password="wrong")).status_code == 422
    assert (await post(client, "/register", username=name(), password="long enough")).status_code == 303
    wanted = name()
    refused = await post(client, "/register", username=wanted, password="long enough")
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= WINDOW
    page = await refused.get_data(as_text=True)
    assert "Too many attempts" in page
    assert wanted in page
    assert "long enough" not in page
    assert (await post(client, "/login", username=wanted, password="any")).status_code == 429


async def test_a_form_with_a_mistake_does_not_count(limited_app):
    client = limited_app.test_client()
    for _ in range(5):
        assert (await post(client, "/register", username="x", password="y")).status_code == 422
    assert (await post(client, "/register", username=name(), password="long enough")).status_code == 303


async def test_a_submission_over_the_limit_is_refused_and_keeps_its_text(limited_app, board):
    client = client_of(limited_app, await board.user())
    for _ in range(2):
        assert (await post(client, "/projects/new", title="Fine", description="")).status_code == 303
    refused = await post(client, "/projects/new", title="One too many", description="my words")
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0
    page = await refused.get_data(as_text=True)
    assert "One too many" in page
    assert "my words" in page
