"""A form that has waited for a server for too long is sent again before its password is hashed."""

import secrets

import pytest

from app.accounts import hash_line, passwords
from app.main import create_app
from tests.accounts.hashing import quick_hashes
from tests.support import client_of

__all__ = ["quick_hashes"]

WRONG = {"username": "nobody", "password": "correct horse"}


@pytest.fixture
def late(monkeypatch):
    """Return a function that leaves requests so many seconds, and lets hashes take so many."""

    def late(left: float, hash_seconds: float) -> None:
        monkeypatch.setattr(hash_line, "seconds_left", lambda: left)
        monkeypatch.setattr(hash_line.hashing, "last_seconds", hash_seconds)
        monkeypatch.setattr(hash_line, "expect", lambda _: None)

    return late


@pytest.mark.parametrize(
    ("left", "hash_seconds", "status"),
    [
        (1.7, 0.1, 422),
        (1.0, 0.1, 422),
        (0.8, 0.1, 307),
        (1.1, 0.2, 422),
        (1.1, 0.4, 307),
        (1.3, 60.0, 422),  # a hash alone takes too long here
        (1.1, 60.0, 307),
    ],
)
async def test_a_form_without_time_for_a_hash_is_sent_again(app, late, left, hash_seconds, status):
    late(left, hash_seconds)
    answer = await client_of(app).post("/login?next=/search", form=WRONG)
    assert answer.status_code == status
    if status == 307:
        assert answer.headers["Location"] == "/login?next=%2Fsearch&turn=1"


async def test_a_form_that_is_late_each_time_is_answered_late(app, late):
    late(0.1, 0.1)
    client, address, turns = client_of(app), "/login", 0
    while (answer := await client.post(address, form=WRONG)).status_code == 307:
        address, turns = answer.headers["Location"], turns + 1
    assert (answer.status_code, turns) == (422, hash_line.LATE_TURNS)


async def test_a_form_that_was_sent_again_counts_no_attempt(settings, late):
    """Otherwise a slow server would use up the attempts of those who type the right password."""
    form = WRONG | {"username": f"nobody-{secrets.token_hex(4)}"}
    async with create_app(settings.model_copy(update={"auth_limit_max": 1})).test_app() as serving:

        async def status() -> int:
            return (await client_of(serving.app).post("/login", form=form)).status_code

        late(0.1, 0.1)
        assert [await status() for _ in range(3)] == [307] * 3
        late(1.7, 0.1)
        assert [await status() for _ in range(2)] == [422, 429]


async def test_the_second_hash_of_a_request_is_not_late(app, late, monkeypatch):
    """A changed password needs two, and would never be changed where they take long."""
    form = {"username": f"two-{secrets.token_hex(4)}", "password": "correct horse"}
    client, check = client_of(app), passwords.verify_password
    assert (await client.post("/register", form=form)).status_code == 303

    async def take_all_the_time(*given) -> bool:
        late(0.1, 0.1)
        return await check(*given)

    monkeypatch.setattr("app.accounts.attempts.verify_password", take_all_the_time)
    change = {"current": "correct horse", "password": "a horse in the corn"}
    answer = await client.post("/me/settings/password", form=change)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/me/settings")
