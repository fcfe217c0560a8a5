"""Threats of docs/security.md to tokens and links of another site: one test per threat, with its name.

All ways to forge a token are in tests/accounts/handover/test_token.py.
"""

import asyncio
import time

import pytest

from app.accounts.queries import select_account
from app.accounts.revocation import end_sessions
from app.accounts.settings.delete_account import delete
from app.moderation import actions
from tests.accounts.handover.conftest import other_process, site_app, site_settings
from tests.accounts.handover.site import account_of, by_hand, call, everything, new_subject, signed
from tests.asgi_calls import Browser, with_middleware

__all__ = ["other_process", "site_app", "site_settings"]


@pytest.fixture
def visitor(site_app):
    whole = with_middleware(site_app)
    return lambda account=None: Browser(whole, site_app, account)


async def test_a_token_of_another_site_is_forged(site_app, visitor, db):
    subject, before, later = new_subject(), await everything(db), int(time.time()) + 3600
    forged = [
        by_hand({"alg": "none", "kid": "first"}, sub=subject),
        by_hand({"alg": "HS256", "kid": "first"}, b"", sub=subject),
        by_hand({"alg": "HS256", "kid": "first"}, b"a secret that somebody guesses..", sub=subject),
        signed(sub=subject, header={"kid": "third"}),
        signed(sub=subject, aud="https://evil.example"),
        signed(sub=subject, exp=later),
        signed(sub=subject) + "x",
    ]
    for token in forged:
        assert (await call(site_app, token)).status == 401, token
        assert (await visitor().get(f"/handover?token={token}")).status == 401, token
    assert await everything(db) == before


async def test_a_token_of_another_site_is_stolen(site_app, visitor, db, board):
    subject, project = new_subject(), await board.project()
    token, vote = signed(sub=subject, jti=None), {"project_id": project, "vote_type": "up"}
    assert (await call(site_app, token, "/api/votes", vote)).status == 200
    headers = {"authorization": f"Bearer {token}"}
    for path in ("/me/settings", "/me/export.json", "/admin/people"):
        assert (await visitor()._ask("GET", path, headers, b"")).status == 303, path
    thief = visitor()
    got = await thief.get(f"/handover?token={token}")  # without a jti it is for pages only
    assert (got.status, got.cookies) == (401, [])
    # The remaining risk: with a jti it opens a session that can do all that its owner can, once.
    link = f"/handover?token={signed(sub=subject)}"
    assert (await thief.get(link)).status == 303
    assert (await thief.get("/me/export.json")).status == 200
    assert (await visitor().get(link)).status == 401
    user = (await account_of(db, subject))["id"]
    accounts = site_app.extensions["upvote_accounts"]
    accounts.revocations.learn(user, await end_sessions(db, user))
    assert (await call(site_app, token, "/api/votes", vote)).status == 401
    assert (await thief.get("/me/settings")).status == 303
    newer = signed(sub=subject, iat=int(time.time()) + 5)
    assert (await call(site_app, newer, "/api/votes", vote)).status == 200
    await actions.suspend(site_app.extensions["upvote"], accounts, None, user, "a test")
    assert (await call(site_app, newer, "/api/votes", vote)).status == 401


async def test_a_link_of_another_site_is_used_again(site_app, other_process, redis):
    link = f"/handover?token={signed(sub=new_subject())}"
    fronts = [with_middleware(app) for app in (site_app, other_process)]
    browsers = [Browser(fronts[number % 2], site_app) for number in range(20)]
    answers = await asyncio.gather(*[browser.get(link) for browser in browsers])
    assert sorted(got.status for got in answers) == [303] + 19 * [401]
    assert (await browsers[0].get(link, **{"sec-purpose": "prefetch"})).status == 403
    for got in answers:
        assert got.headers["cache-control"] == "no-store"
        assert got.headers["referrer-policy"] == "no-referrer"
    assert [key async for key in redis.scan_iter("*handover*")] == []  # a lost Redis forgets nothing


async def test_a_link_of_another_site_signs_somebody_in_to_anothers_account(visitor, board, db):
    victim, subject = await board.user(), new_subject()
    token, browser = signed(sub=subject, name="A Quiet Attacker"), visitor(victim)
    got = await browser.get(f"/handover?token={token}")
    assert "A Quiet Attacker" in got.body
    assert not got.cookies
    sent = {"token": token, "account": victim.username}
    for headers in ({"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}):
        assert (await browser.post("/handover", sent, **headers)).status == 403
    assert f">{victim.username}<" in (await browser.get("/me/votes")).body
    for hidden in ("iframe", "image", "empty"):
        page = await visitor().get(f"/handover?token={token}", **{"sec-fetch-dest": hidden})
        assert (page.status, page.cookies) == (403, [])
    stranger = visitor()
    await stranger.get(f"/handover?token={token}")
    assert "You are signed in as A Quiet Attacker." in (await stranger.get("/")).body


async def test_somebody_deletes_an_account_of_another_site_to_vote_twice(site_app, visitor, db):
    subject = new_subject()
    assert (await call(site_app, signed(sub=subject))).status == 200
    account = await select_account(db, (await account_of(db, subject))["id"])
    services, accounts = (site_app.extensions[f"upvote{end}"] for end in ("", "_accounts"))
    await delete(services, accounts, account, delete_projects=False)
    before = await everything(db)
    for token in (signed(sub=subject), signed(sub=subject, iat=int(time.time()) + 5)):
        assert (await call(site_app, token)).status == 401
        assert (await visitor().get(f"/handover?token={token}")).status == 401
    assert await everything(db) == before
