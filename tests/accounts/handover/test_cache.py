"""Tokens that were checked are remembered, within bounds and until they expire."""

import time

import pytest

from app.accounts.handover import state
from app.accounts.handover.errors import TokenRefused
from tests.accounts.handover.site import new_subject, signed


@pytest.fixture
def tokens(site_app):
    return site_app.extensions[state.EXTENSION]


async def test_a_token_that_was_checked_costs_no_query(site_app, tokens, monkeypatch):
    token = signed(sub=new_subject())
    user = await tokens.user(token)
    monkeypatch.setattr(tokens, "_check", None)
    assert await tokens.user(token) == user
    assert user.until < time.time() + 320


async def test_a_checked_token_is_forgotten_when_it_expires(tokens, monkeypatch):
    token = signed(sub=new_subject(), exp=int(time.time()) + 30)
    await tokens.user(token)
    later = time.time() + 41
    monkeypatch.setattr("time.time", lambda: later)
    with pytest.raises(TokenRefused, match="expired"):
        await tokens.user(token)


async def test_checked_tokens_have_bounded_room(tokens):
    assert tokens._users.maxsize == state.MAX_CACHED
    size = len(tokens._users)
    for token in (signed(exp=int(time.time()) - 60), "x.y.z"):
        with pytest.raises(TokenRefused):
            await tokens.user(token)
    assert len(tokens._users) == size
