"""Tokens that were checked are remembered, within bounds and until they expire."""

import asyncio
import time

import pytest

from app.accounts.handover import state
from app.accounts.handover.errors import TokenRefused
from app.accounts.handover.key_ring import KeyRing
from tests.accounts.handover.site import EDWARDS, ELLIPTIC, call, key_file, new_subject, signed
from tests.asgi_calls import ask


@pytest.fixture
def tokens(site_app):
    return site_app.extensions[state.EXTENSION]


@pytest.fixture
def keys(tokens, tmp_path, monkeypatch):
    """Return the file of the board's keys, which is looked at for each token."""
    path = tmp_path / "keys.json"
    path.write_text(key_file(old=EDWARDS, new=ELLIPTIC))
    monkeypatch.setattr("app.accounts.handover.key_ring.LOOK_SECONDS", 0)
    monkeypatch.setattr(tokens, "ring", KeyRing(str(path)))
    return path


def of_the_old_key():
    return signed(sub=new_subject(), key=EDWARDS, header={"alg": "EdDSA", "kid": "old"})


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


@pytest.mark.parametrize("path", ["/handover?token=x", "/api/me/votes"])
async def test_a_checked_token_is_refused_once_its_key_is_removed(site_app, keys, path):
    token = of_the_old_key()
    assert (await call(site_app, token)).status == 200
    keys.write_text(key_file(new=ELLIPTIC))
    await ask(site_app, "GET", path, {"authorization": "Bearer x"})  # this reads the changed file
    assert (await call(site_app, token)).status == 401


async def test_a_check_during_which_the_keys_change_is_not_remembered(tokens, keys, monkeypatch):
    token, find = of_the_old_key(), tokens.accounts.find
    finding, changed = asyncio.Event(), asyncio.Event()

    async def slowly(claims):
        finding.set()
        await changed.wait()
        return await find(claims)

    monkeypatch.setattr(tokens.accounts, "find", slowly)
    check = asyncio.create_task(tokens.user(token))
    await finding.wait()
    keys.write_text(key_file(new=ELLIPTIC))
    with pytest.raises(TokenRefused):
        tokens.read("x")
    changed.set()
    await check
    with pytest.raises(TokenRefused, match="does not know the key"):
        await tokens.user(token)
