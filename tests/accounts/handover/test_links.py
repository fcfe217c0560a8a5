"""The links of the other site: each signs in once, to this site only, and tells nobody its token."""

import asyncio
import time
from urllib.parse import urlencode

import pytest

from app.accounts.handover.queries import delete_expired_handovers
from app.accounts.queries import select_account
from app.accounts.revocation import end_sessions
from app.moderation import actions
from tests.accounts.handover.site import account_of, by_hand, everything, new_subject, signed
from tests.asgi_calls import Browser, with_middleware


@pytest.fixture
def visitor(site_app):
    """Return a function that opens a browser on the board."""
    whole = with_middleware(site_app)
    return lambda account=None: Browser(whole, site_app, account)


def link(token: str, next: str | None = None) -> str:
    return "/handover?" + urlencode({"token": token} | ({"next": next} if next else {}))


async def is_in(browser: Browser) -> bool:
    return (await browser.get("/me/settings")).status == 200


async def test_a_link_signs_in_and_leads_on(visitor, db):
    subject, browser = new_subject(), visitor()
    got = await browser.get(link(signed(sub=subject, name="Jo Doe 31"), "/?sort=new"))
    assert (got.status, got.headers["location"]) == (303, "/?sort=new")
    assert got.headers["cache-control"] == "no-store"
    assert got.headers["referrer-policy"] == "no-referrer"
    assert "You are signed in as Jo Doe 31." in (await browser.get("/")).body
    assert await is_in(browser)
    assert (await account_of(db, subject))["username"] == "jo-doe-31"


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "x", ""]
)
async def test_a_link_leads_to_this_site_only(visitor, target):
    got = await visitor().get(link(signed(sub=new_subject()), target))
    assert got.headers["location"] == "/"


async def test_a_link_signs_in_once(visitor, db):
    token = signed(sub=new_subject())
    assert (await visitor().get(link(token))).status == 303
    before = await everything(db)
    thief = visitor()
    got = await thief.get(link(token))
    assert got.status == 401
    assert "This link has been used" in got.body
    assert "Go back to the site that you came from" in got.body
    assert 'error="invalid_token"' in got.headers["www-authenticate"]
    assert not await is_in(thief)
    assert (await thief.post("/handover", {"token": token})).status == 401
    assert await everything(db) == before


async def test_of_twenty_at_once_one_signs_in(site_app, other_process, db):
    token, fronts = signed(sub=new_subject()), [with_middleware(a) for a in (site_app, other_process)]
    browsers = [Browser(fronts[number % 2], site_app) for number in range(20)]

    async def follow(browser: Browser):
        """Follow the link, and again as long as a busy machine answers too late."""
        while (got := await browser.get(link(token))).status == 503:
            pass
        return got

    answers = await asyncio.gather(*[follow(browser) for browser in browsers])
    assert sorted(got.status for got in answers) == [303] + 19 * [401]
    assert sum([await is_in(browser) for browser in browsers]) == 1


BAD = {
    "none": lambda _: "",
    "expired": lambda sub: signed(sub=sub, exp=int(time.time()) - 60),
    "later": lambda sub: signed(sub=sub, nbf=int(time.time()) + 3600),
    "for another site": lambda sub: signed(sub=sub, aud="https://board.example"),
    "unsigned": lambda sub: by_hand({"alg": "none", "kid": "first"}, sub=sub),
    "without a jti": lambda sub: signed(sub=sub, jti=None),
    "long": lambda sub: "x" * 4080,
}


@pytest.mark.parametrize("make", BAD.values(), ids=BAD)
async def test_a_bad_link_says_what_to_do_and_makes_nothing(visitor, db, make):
    before, browser, token = await everything(db), visitor(), make(new_subject())
    got = await browser.get(link(token))
    assert got.status == 401
    assert "www-authenticate" in got.headers
    assert "site that you came from" in got.body
    assert not token or token not in got.body
    assert not await is_in(browser)
    assert await everything(db) == before


async def test_who_is_signed_in_as_somebody_else_is_asked(visitor, board, db):
    user, subject = await board.user(), new_subject()
    browser, token = visitor(user), signed(sub=subject, name="An Other 12")
    got = await browser.get(link(token, "/results"))
    assert (got.status, "Change the account?" in got.body) == (200, True)
    assert "An Other 12" in got.body
    assert got.headers["referrer-policy"] == "no-referrer"
    assert f">{user.username}<" in (await browser.get("/me/votes")).body
    form = {"token": token, "next": "/results", "account": user.username}
    refused = await browser.post("/handover", form, **{"sec-fetch-site": "cross-site"})
    assert refused.status == 403
    changed = await browser.post("/handover", form)
    assert (changed.status, changed.headers["location"]) == (303, "/results")
    username = (await account_of(db, subject))["username"]
    assert f">{username}<" in (await browser.get("/me/votes")).body
    assert (await browser.post("/handover", form | {"account": username})).status == 401


async def test_who_is_signed_in_already_is_not_asked(visitor):
    subject, browser = new_subject(), visitor()
    for _ in range(2):
        assert (await browser.get(link(signed(sub=subject)))).status == 303


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-purpose": "prefetch;prerender"},
        {"sec-fetch-dest": "image"},
        {"sec-fetch-dest": "iframe"},
        {"sec-fetch-dest": "empty"},
    ],
)
async def test_what_nobody_sees_uses_no_link(visitor, headers):
    token, browser = signed(sub=new_subject()), visitor()
    assert (await browser.get(link(token), **headers)).status == 403
    assert (await browser._ask("HEAD", link(token), {}, b"")).status == 403
    assert not await is_in(browser)
    assert (await browser.get(link(token), **{"sec-fetch-dest": "document"})).status == 303


async def test_no_log_line_and_no_link_of_a_page_has_the_token(visitor, capsys):
    good, expired = signed(sub=new_subject()), signed(sub=new_subject(), exp=int(time.time()) - 60)
    browser = visitor()
    for _ in range(2):
        await browser.get(link(good))
    got = await visitor().get(link(expired))
    printed = capsys.readouterr()
    for token in (good, expired):
        for part in token.split("."):
            assert part not in printed.out + printed.err + got.body
    assert "route=/handover" in printed.out


async def test_a_suspended_user_reads_why_and_gets_the_data_once(site_app, visitor, db):
    subject, browser = new_subject(), visitor()
    await browser.get(link(signed(sub=subject)))
    user = (await account_of(db, subject))["id"]
    services, accounts = (site_app.extensions[f"upvote{end}"] for end in ("", "_accounts"))
    await actions.suspend(services, accounts, None, user, "A reason to read.")
    assert not await is_in(browser)
    token, later = signed(sub=subject, iat=int(time.time()) + 5), visitor()
    got = await later.get(link(token))
    assert got.status == 403
    assert not await is_in(later)
    username = (await account_of(db, subject))["username"]
    assert (await later.post("/suspended/export.json", {"username": username})).status == 200
    again = visitor()
    assert (await again.get(link(token))).status == 401
    assert (await again.post("/suspended/export.json", {"username": username})).status == 422


async def test_an_account_without_a_password_is_exported_and_deleted(visitor, db):
    subject, browser = new_subject(), visitor()
    await browser.get(link(signed(sub=subject, name="To Be Deleted 4")))
    settings = (await browser.get("/me/settings")).body
    assert "your name follows that of the other site" in settings
    assert f'"subject": "{subject}"' in (await browser.get("/me/export.json")).body
    username = (await account_of(db, subject))["username"]
    named = await browser.post("/me/settings/name", {"display_name": "x", "account": username})
    assert (named.status, "Change it there" in named.body) == (403, True)
    confirmed = browser.cookies.pop("upvote_confirmed")
    page = (await browser.get("/me/settings/delete")).body
    assert "come here from the other site once more" in page
    assert (await browser.post("/me/settings/delete", {"account": username})).status == 422
    browser.cookies["upvote_confirmed"] = confirmed
    assert (await browser.post("/me/settings/delete", {"account": username})).status == 303
    assert await account_of(db, subject) is None
    got = await browser.get(link(signed(sub=subject, iat=int(time.time()) + 5)))
    assert (got.status, "You cannot have another account" in got.body) == (401, True)


async def test_a_link_from_before_a_sign_out_everywhere_is_over(site_app, visitor, db):
    subject = new_subject()
    token = signed(sub=subject, iat=int(time.time()) - 5)
    await visitor().get(link(signed(sub=subject)))
    user = (await account_of(db, subject))["id"]
    site_app.extensions["upvote_accounts"].revocations.learn(user, await end_sessions(db, user))
    got = await visitor().get(link(token))
    assert (got.status, "This link is not valid now" in got.body) == (401, True)


async def test_without_keys_there_is_no_such_page(free_app):
    browser = Browser(with_middleware(free_app), free_app)
    assert (await browser.get(link(signed()))).status == 404
    assert (await browser.post("/handover", {"token": signed()})).status == 404


async def test_used_links_are_remembered_until_they_have_expired(visitor, db):
    token = signed(sub=new_subject())
    await visitor().get(link(token))
    await delete_expired_handovers(db)
    assert (await visitor().get(link(token))).status == 401
    await db.execute("INSERT INTO used_handovers VALUES (sha256('x'), now() - interval '2 hours')")
    assert await delete_expired_handovers(db) == 1


async def test_the_lists_say_who_came_from_the_other_site(visitor, db):
    admin, subject = visitor(), new_subject()
    await admin.get(link(signed(sub=subject, name="Site Admin Person")))
    user = await account_of(db, subject)
    assert await select_account(db, user["id"])
    await db.execute("UPDATE users SET is_admin = true WHERE id = $1", user["id"])
    page = (await admin.get(f"/admin/people?q={user['username']}")).body
    assert "from the other site" in page
    table = (await admin.get(f"/admin/people.csv?q={user['username']}")).body.splitlines()
    assert table[0].endswith(",from_other_site")
    assert table[1].endswith(",yes")
    await db.execute("UPDATE users SET is_admin = false WHERE id = $1", user["id"])
