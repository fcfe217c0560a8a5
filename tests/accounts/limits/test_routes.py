"""Signing in, registering or submitting too often gets 429 with Retry-After; a form keeps its text."""

import asyncio
import secrets

import pytest

from app.accounts.attempts import SHARES_OF_AN_ADDRESS
from app.accounts.invitations import new_code
from app.main import create_app
from app.voting import keys
from tests.support import client_of

SAME_SITE = {"Sec-Fetch-Site": "same-origin"}
# Quart's test client has no address.
NOBODY = [keys.limit(kind, "unknown") for kind in ("address", "register")]
WINDOW = 3600  # s; longer than any test


@pytest.fixture
async def limited_app(settings, redis):
    limits = {"auth_limit_max": 3, "register_limit_max": 3, "submit_limit_max": 2}
    limits |= {f"{limit}_limit_window": WINDOW for limit in ("auth", "register", "submit")}
    await redis.delete(*NOBODY)
    async with create_app(settings.model_copy(update=limits)).test_app() as serving:
        yield serving.app
    await redis.delete(*NOBODY)


async def post(client, path, **form):
    """Send a form as a browser does, which sends it again while it is told to wait in line (307)."""
    while True:
        answer = await client.post(path, form=form, headers=SAME_SITE)
        if answer.status_code != 307:
            return answer
        path = answer.headers["Location"]


async def register(client, username: str) -> int:
    return (await post(client, "/register", username=username, password="long enough")).status_code


async def sign_in(client, username: str, password: str = "long enough") -> int:
    return (await post(client, "/login", username=username, password=password)).status_code


def name() -> str:
    return f"n-{secrets.token_hex(5)}"


async def test_one_address_makes_accounts_up_to_the_limit(limited_app):
    taken = name()
    for username in (taken, name(), name()):
        client = limited_app.test_client()
        assert await register(client, username) == 303
        assert await register(client, taken) == 422  # does not count
        assert await register(client, "x") == 422  # nor does this
    wanted = name()
    refused = await post(client, "/register", username=wanted, password="long enough")
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= WINDOW
    page = await refused.get_data(as_text=True)
    assert "Many people are registering from your network. Try again in 60 minutes" in page
    assert wanted in page
    assert "long enough" not in page
    assert await sign_in(client, taken) == 303


async def test_joining_by_invitation_has_no_limit_of_the_address(limited_app, db):
    client, code = limited_app.test_client(), new_code()
    await db.execute("INSERT INTO invitations (code, uses) VALUES ($1, 9)", code)
    for _ in range(5):
        form = {"username": name(), "password": "long enough"}
        assert (await post(client, f"/join/{code}", **form)).status_code == 303
    assert await register(client, name()) == 303


async def test_only_wrong_passwords_count(limited_app):
    """A crowd signs in from one address, with fewer wrong passwords than the limit."""
    person = name()
    assert await register(limited_app.test_client(), person) == 303
    answers = [await sign_in(limited_app.test_client(), person) for _ in range(5)]
    answers += [await sign_in(limited_app.test_client(), name()) for _ in range(2)]
    answers += await asyncio.gather(*[sign_in(limited_app.test_client(), person) for _ in range(8)])
    assert answers == [303] * 5 + [422] * 2 + [303] * 8


async def test_one_phone_does_not_use_up_the_wrong_passwords_of_everybody_at_its_address(limited_app):
    person, phone = name(), limited_app.test_client()
    assert await register(limited_app.test_client(), person) == 303
    assert [await sign_in(phone, name()) for _ in range(10)] == [422] * 10  # each name, 3 of its own
    assert await sign_in(limited_app.test_client(), person) == 303
    left = 3 * SHARES_OF_AN_ADDRESS - 10
    assert [await sign_in(phone, name()) for _ in range(left)] == [422] * left
    refused = await post(limited_app.test_client(), "/login", username=person, password="long enough")
    assert refused.status_code == 429
    assert "Many wrong passwords have come from your network." in await refused.get_data(as_text=True)


async def test_a_hundred_guesses_at_once_get_no_further_than_the_limit(limited_app):
    guessed = name()

    async def guess(number: int) -> int:
        """Guess, and again as long as the line for passwords is too long, as browsers do."""
        while True:
            status = await sign_in(limited_app.test_client(), guessed, f"guess {number}")
            if status != 307:
                return status

    answers = await asyncio.gather(*[guess(number) for number in range(40)])
    assert (answers.count(422), answers.count(429)) == (3, 37)


async def test_wrong_passwords_of_others_do_not_lock_an_owner_out(limited_app):
    owner, browser = name(), limited_app.test_client()
    await register(browser, owner)
    await browser.post("/logout")
    for _ in range(4):
        status = await sign_in(limited_app.test_client(), owner, "a guess")
    assert status == 429
    assert await sign_in(browser, owner) == 303
    await browser.post("/logout")
    # Guesses in the owner's browser have a limit too, and those for other accounts that of the name.
    assert [await sign_in(browser, owner, "a guess") for _ in range(4)] == [422] * 3 + [429]
    other = name()
    assert [await sign_in(browser, other, "a guess") for _ in range(4)] == [422] * 3 + [429]


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
