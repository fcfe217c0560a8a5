"""Casting the demo's votes on a busy machine, and the demo's login."""

import pytest

from app import demo
from app.accounts.passwords import hash_password
from app.accounts.queries import insert_user
from app.errors import VotesUnavailable
from app.voting.votes import Vote


class BusyBatcher:
    """Accept a vote at the third try."""

    def __init__(self) -> None:
        self.tries = 0

    async def cast(self, vote: Vote) -> None:
        self.tries += 1
        if self.tries < 3:
            raise VotesUnavailable


async def test_a_vote_that_a_busy_machine_refuses_is_cast_again(monkeypatch):
    monkeypatch.setattr(demo, "RETRY_SECONDS", 0)
    batcher = BusyBatcher()
    await demo.cast_with_retries(batcher, Vote(1, 1, 1))
    assert batcher.tries == 3


async def test_retries_end_after_the_timeout(monkeypatch):
    monkeypatch.setattr(demo, "CAST_TIMEOUT_SECONDS", -1)
    with pytest.raises(VotesUnavailable):
        await demo.cast_with_retries(BusyBatcher(), Vote(1, 1, 1))


async def test_the_login_is_not_shown_as_working_under_another_secret_key(settings, db):
    name, password = demo.login(settings)
    await db.execute("DELETE FROM users WHERE username = $1", name)
    assert not await demo.login_works(settings)
    await insert_user(db, name, await hash_password(password))
    assert await demo.login_works(settings)
    changed = settings.model_copy(update={"secret_key": "0123456789abcdef" * 4})
    assert not await demo.login_works(changed)
    await db.execute("DELETE FROM users WHERE username = $1", name)
