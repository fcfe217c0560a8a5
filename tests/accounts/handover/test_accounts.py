"""A token of the other site in the API: whose account it is, how it is named, and when it is over."""

import asyncio
import time

import pytest
from joserfc.jwk import OctKey

from app.accounts.handover.site_account import DELETED, ENDED, SUSPENDED
from app.accounts.person import DELETED_PREFIX
from app.accounts.queries import select_account
from app.accounts.revocation import end_sessions
from app.accounts.settings.delete_account import delete
from app.moderation import actions
from tests.accounts.handover.site import (
    NEWER,
    account_of,
    by_hand,
    call,
    everything,
    new_subject,
    sealed,
    signed,
)
from tests.asgi_calls import ask, with_middleware

BAD = {
    "expired": lambda sub: signed(sub=sub, exp=int(time.time()) - 60),
    "not yet valid": lambda sub: signed(sub=sub, nbf=int(time.time()) + 60),
    "another audience": lambda sub: signed(sub=sub, aud="https://board.example"),
    "unsigned": lambda sub: by_hand({"alg": "none", "kid": "first"}, sub=sub),
    "another algorithm": lambda sub: by_hand({"alg": "RS256", "kid": "first"}, b"x" * 32, sub=sub),
    "another secret": lambda sub: signed(sub=sub, key=OctKey.import_key(NEWER)),
    "an unknown key": lambda sub: signed(sub=sub, header={"kid": "third"}),
    "too long-lived": lambda sub: signed(sub=sub, exp=int(time.time()) + 3600),
    "broken": lambda _: sealed("{"),
    "100 kB": lambda _: "x." * 50_000,
}


async def revoke(apps, user_id: int, ended: int) -> None:
    for app in apps:
        app.extensions["upvote_accounts"].revocations.learn(user_id, ended)


@pytest.mark.parametrize("make", BAD.values(), ids=BAD)
async def test_a_bad_token_gets_a_reason_and_makes_nothing(site_app, db, make):
    before = await everything(db)
    got = await call(site_app, make(new_subject()))
    assert got.status == 401
    scheme, _, details = got.headers["www-authenticate"].partition(" ")
    assert scheme.lower() == "bearer"
    assert 'error="invalid_token"' in details
    assert got.body.count("message") == 1
    [_, reason] = details.split("error_description=")
    assert reason.strip('"') in got.body
    assert await everything(db) == before


async def test_a_token_of_100_kb_reaches_no_route(site_app, db):
    before, whole = await everything(db), with_middleware(site_app)
    for token in ("x." * 50_000, signed(name="x" * 100_000)):
        for got in (await call(whole, token), await ask(whole, "GET", f"/handover?token={token}")):
            assert (got.status, "too long" in got.body) == (401, True)
            assert 'error="invalid_token"' in got.headers["www-authenticate"]
    assert await everything(db) == before


async def test_no_token_is_told_apart_from_a_bad_one(site_app):
    got = await call(site_app, "")
    assert got.status == 401
    assert "error=" not in got.headers["www-authenticate"]


async def test_the_first_token_makes_an_account_that_votes(site_app, db, board):
    subject, project = new_subject(), await board.project()
    token = signed(sub=subject, name="Zoë Ng 77")
    for kind in ("up", "down"):
        got = await call(site_app, token, "/api/votes", {"project_id": project, "vote_type": kind})
        assert got.status == 200
    user = await account_of(db, subject)
    assert (user["username"], user["display_name"]) == ("zoe-ng-77", "Zoë Ng 77")
    assert user["password_hash"] is None
    assert not user["is_admin"]


async def test_forty_first_tokens_at_once_make_one_account(site_app, other_process, db):
    subject, before = new_subject(), await everything(db)
    apps = (site_app, other_process)
    answers = await asyncio.gather(
        *[call(apps[number % 2], signed(sub=subject, name="Many At Once")) for number in range(40)]
    )
    assert {answer.status for answer in answers} == {200}
    accounts, users, used = await everything(db)
    assert (accounts, users, used) == (before[0] + 1, before[1] + 1, before[2])


async def test_people_with_one_name_get_names_of_their_own(site_app, db):
    subjects = [new_subject() for _ in range(12)]

    async def come(subject: str) -> int:
        """Ask, and again as the answer says if a busy machine has not answered in time."""
        while (answer := await call(site_app, signed(sub=subject, name="Same Person"))).status == 503:
            assert "retry-after" in answer.headers
        return answer.status

    assert set(await asyncio.gather(*map(come, subjects))) == {200}
    found = [await account_of(db, each) for each in subjects]
    assert (
        len({each["username"] for each in found}) == len({each["display_name"] for each in found}) == 12
    )
    assert all(each["display_name"].startswith("Same Person") for each in found)


@pytest.mark.parametrize(("name", "subject", "username", "display_name"), [
    ("Admin", "u-{}", "u-{}", None),
    ("Иван Петров", "u-{}", "u-{}", "Иван Петров"),
    ("\u200b", "u-{}", "u-{}", None),
    (None, "u-{}", "u-{}", None),
    ("x" * 400, "u-{}", "x" * 28, "x" * 60),
    ("Deleted-9 {}", "u-{}", "u-{}", "Deleted-9 {}"),
])  # fmt: skip
async def test_names_keep_to_the_rules_of_the_board(
    site_app, db, name, subject, username, display_name
):
    number = new_subject().rpartition("-")[2]
    subject, name = subject.format(number), name and name.format(number)
    assert (await call(site_app, signed(sub=subject, name=name))).status == 200
    user = await account_of(db, subject)
    assert user["username"] == username.format(number)
    assert user["display_name"] == (display_name and display_name.format(number))


async def test_a_subject_that_is_no_username_is_not_shown(site_app, db):
    subject = f"{new_subject()}@mail.example"
    await call(site_app, signed(sub=subject, name=""))
    username = (await account_of(db, subject))["username"]
    assert username.startswith("user-")
    assert "mail" not in username


async def test_the_name_follows_the_newest_token(site_app, db):
    subject, now = new_subject(), int(time.time())

    async def shown(**said: object) -> str:
        assert (await call(site_app, signed(sub=subject, **said))).status == 200
        return (await account_of(db, subject))["display_name"]

    assert await shown(name=f"First {subject}", iat=now - 100) == f"First {subject}"
    assert await shown(name=f"Later {subject}", iat=now - 50) == f"Later {subject}"
    assert await shown(name=f"First {subject}", iat=now - 90) == f"Later {subject}"  # an old page's
    assert await shown(name=None, iat=now) == f"Later {subject}"
    assert await shown(name="Moderator", iat=now) is None
    username = (await account_of(db, subject))["username"]
    assert username.startswith("first-person")


async def test_registration_that_is_closed_does_not_concern_them(site_app, organise, db):
    await organise(registration="closed")
    await site_app.extensions["upvote"].board.refresh()
    subject = new_subject()
    assert (await call(site_app, signed(sub=subject))).status == 200
    assert await account_of(db, subject) is not None


async def test_a_private_board_is_read_with_a_token_and_says_why_not(site_app, organise):
    await organise(private="yes")
    await site_app.extensions["upvote"].board.refresh()
    try:
        assert (await call(site_app, signed(sub=new_subject()), "/api/projects")).status == 200
        expired = await call(site_app, BAD["expired"](new_subject()), "/api/projects")
        assert (expired.status, "expired" in expired.body) == (401, True)
    finally:
        await organise(private="no")
        await site_app.extensions["upvote"].board.refresh()


async def test_a_suspension_ends_tokens_until_newer_ones_after_it(site_app, other_process, db):
    subject, token = new_subject(), None
    token = signed(sub=subject)
    for app in (site_app, other_process):
        assert (await call(app, token)).status == 200
    user = (await account_of(db, subject))["id"]
    services = site_app.extensions["upvote"]
    accounts = site_app.extensions["upvote_accounts"]
    assert await actions.suspend(services, accounts, None, user, "a test")
    await revoke([other_process], user, accounts.revocations.ended[user])
    for app in (site_app, other_process):
        for each in (token, signed(sub=subject, iat=int(time.time()) + 5)):
            got = await call(app, each)
            assert (got.status, SUSPENDED in got.body) == (401, True)
    assert await actions.unsuspend(services, None, user, "a test")
    assert ENDED in (await call(site_app, token)).body
    assert (await call(site_app, signed(sub=subject, iat=int(time.time()) + 2))).status == 200


async def test_signing_out_everywhere_ends_older_tokens_also_checked_ones(site_app, db):
    subject, now = new_subject(), int(time.time())
    early, late = signed(sub=subject, iat=now + 9), signed(sub=subject, iat=now - 5)
    without = signed(sub=subject, iat=None, exp=now + 590)
    for token in (early, late, without):
        assert (await call(site_app, token)).status == 200
    user = (await account_of(db, subject))["id"]
    await revoke([site_app], user, await end_sessions(db, user))
    assert (await call(site_app, late)).status == 401
    assert ENDED in (await call(site_app, without)).body
    # It says that it was made after that, by a clock that is ahead; but it was here before.
    assert ENDED in (await call(site_app, early)).body
    assert (await call(site_app, signed(sub=subject, iat=now + 9))).status == 200


async def test_a_deleted_account_gets_no_other_one(site_app, db):
    subject = new_subject()
    await call(site_app, signed(sub=subject))
    found = await account_of(db, subject)
    account = await select_account(db, found["id"])
    services, accounts = site_app.extensions["upvote"], site_app.extensions["upvote_accounts"]
    await delete(services, accounts, account, delete_projects=False)
    before = await everything(db)
    answers = await asyncio.gather(
        *[call(site_app, signed(sub=subject, iat=int(time.time()) + 5)) for _ in range(5)]
    )
    assert all((got.status, DELETED in got.body) == (401, True) for got in answers)
    assert await everything(db) == before
    left = await db.fetchval("SELECT username FROM users WHERE id = $1", account.id)
    assert left.startswith(DELETED_PREFIX)
    assert not await db.fetchval("SELECT EXISTS (SELECT FROM site_users WHERE subject = $1)", subject)
