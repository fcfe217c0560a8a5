"""Signing in through a real OpenID provider, in a browser."""

import logging
import re
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager

import httpx
import pytest
from oidc_provider_mock import run_server_in_thread
from playwright.async_api import Page, expect
from werkzeug.serving import BaseWSGIServer

from e2e.axe import FIRST, OPPOSITE
from e2e.tour import Stop
from e2e.visits import options, visit
from tests.accounts.hashing import WEAK
from tests.conftest import NO_LIMITS
from tests.ports import free_port
from tests.processes import running, until_alive

PASSWORD = "a few words of my own"


def run_provider() -> AbstractContextManager[BaseWSGIServer]:
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    return run_server_in_thread(require_nonce=True)


@asynccontextmanager
async def sign_on_board(settings, provider_port: int, **changes: object) -> AsyncIterator[str]:
    """Run a web process of a board with the provider; yield its address."""
    port = free_port()
    address = f"http://localhost:{port}"
    provider = {
        "base_url": address,
        "oidc_issuer": f"http://localhost:{provider_port}",
        "oidc_client_id": "upvote",
        "oidc_client_secret": "a secret of the tests",
        "oidc_label": "Example Ltd",
    }
    async with running("web", settings, port=port, **NO_LIMITS, **provider, **changes):
        await until_alive(port)
        yield address


@pytest.fixture(scope="module")
def provider_port():
    with run_provider() as server:
        yield server.server_port


@pytest.fixture(scope="module")
async def address(settings, provider_port) -> AsyncIterator[str]:
    async with sign_on_board(settings, provider_port) as address:
        yield address


@pytest.fixture
def visitor(new_context, address):
    """Return a function that opens a new browser on the page to sign in."""

    async def open_page(**more) -> Page:
        page = await (await new_context(base_url=address, **more)).new_page()
        await page.goto("/login?next=/search")
        return page

    return open_page


async def go(page: Page, subject: str) -> None:
    """Press the button of the page to sign in, and sign in at the provider."""
    await page.get_by_role("link", name="Sign in with Example Ltd").click()
    await at_provider(page, subject)


async def at_provider(page: Page, subject: str) -> None:
    await page.get_by_placeholder("sub").fill(subject)
    await page.get_by_role("button", name="Authorize").click()


async def expect_account(page: Page, name: str) -> None:
    await expect(page.get_by_role("navigation", name="Account")).to_contain_text(name)


async def test_a_new_person_chooses_a_name_and_comes_back_by_it(visitor):
    page = await visitor()
    await go(page, "new-one")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Choose a username")
    await page.get_by_label("Username").fill("newcomer")
    await page.get_by_role("button", name="Create account").click()
    await page.wait_for_url("**/search")
    await expect_account(page, "newcomer")
    await page.get_by_role("button", name="Sign out").click()
    await page.get_by_role("link", name="Sign out of Example Ltd").click()
    await page.wait_for_url("**/oauth2/end_session?client_id=upvote")
    await page.goto("/login?next=/search")
    await go(page, "new-one")
    await page.wait_for_url("**/search")
    await expect_account(page, "newcomer")


@pytest.mark.long
async def test_somebody_else_with_the_same_mail_address_is_another_account(visitor, provider_port):
    claims = {"email": "jo@example.org", "preferred_username": "jo-doe"}
    for subject, name in (("mail-one", "jo-doe"), ("mail-two", "jo-doe-2")):
        async with httpx.AsyncClient() as http:
            await http.put(f"http://localhost:{provider_port}/users/{subject}", json=claims)
        page = await visitor()
        await go(page, subject)
        await expect(page.get_by_label("Username")).to_have_value(name)
        await page.get_by_role("button", name="Create account").click()
        await page.wait_for_url("**/search")
        await expect_account(page, name)


@pytest.mark.long
@pytest.mark.parametrize(
    ("field", "title"), [("state", "This sign-in is over"), ("nonce", "You were not signed in")]
)
async def test_whoever_tampers_with_the_way_is_not_signed_in(visitor, field, title):
    page = await visitor()
    await page.get_by_role("link", name="Sign in with Example Ltd").click()
    await page.wait_for_url("**/oauth2/authorize?*")
    await page.goto(re.sub(f"([?&]{field}=)[^&]+", rf"\g<1>{'x' * 43}", page.url))
    await at_provider(page, "tampered")
    await expect(page.get_by_role("heading", level=1)).to_have_text(title)
    await expect(page.get_by_role("link", name="Try again")).to_be_visible()
    await page.goto("/login")
    await expect(page.get_by_role("navigation", name="Account")).to_contain_text("Sign in")


@pytest.mark.long
async def test_while_the_provider_is_away_a_password_and_sessions_work(
    new_context, settings, board, db
):
    account = await board.user()
    hashed = WEAK.hash(PASSWORD)
    await db.execute("UPDATE users SET password_hash = $2 WHERE id = $1", account.id, hashed)
    with run_provider() as server:
        gone = server.server_port
    async with sign_on_board(settings, gone) as address:
        page = await (await new_context(base_url=address)).new_page()
        await page.goto("/login?next=/me/votes")
        await page.get_by_role("link", name="Sign in with Example Ltd").click()
        heading = page.get_by_role("heading", level=1)
        await expect(heading).to_have_text("Example Ltd cannot be reached")
        await page.get_by_role("link", name="Sign in with a password").click()
        await page.get_by_label("Username").fill(account.username)
        await page.get_by_label("Password").fill(PASSWORD)
        await page.get_by_role("button", name="Sign in").click()
        await page.wait_for_url("**/me/votes")
        await page.goto("/sign-in/start")
        await expect(heading).to_have_text("Example Ltd cannot be reached")
        await expect_account(page, account.username)


@pytest.mark.long
async def test_a_member_connects_the_provider_and_confirms_with_it(visitor, board, db):
    account = await board.user()
    hashed = WEAK.hash(PASSWORD)
    await db.execute("UPDATE users SET password_hash = $2 WHERE id = $1", account.id, hashed)
    page = await visitor()
    await page.get_by_label("Username").fill(account.username)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await page.goto("/me/settings")
    await page.get_by_role("link", name="Connect Example Ltd").click()
    await page.get_by_label("Your password").fill(PASSWORD)
    await page.get_by_role("button", name="Confirm").click()
    await page.get_by_role("link", name="Continue to Example Ltd").click()
    await at_provider(page, "member")
    await page.wait_for_url("**/me/settings#provider")
    await db.execute("UPDATE users SET password_hash = NULL WHERE id = $1", account.id)
    await page.context.clear_cookies(name="upvote_confirmed")  # the password was given a moment ago
    await page.goto("/me/settings/delete")
    await page.get_by_role("link", name="Confirm with Example Ltd").click()
    await at_provider(page, "member")
    await page.get_by_role("button", name="Delete my account").click()
    await page.wait_for_url("**/")


@pytest.mark.parametrize("look", [FIRST, (768, "dark"), (1280, "light"), OPPOSITE])
@pytest.mark.long
async def test_the_pages_pass_as_those_of_a_tour(visitor, settings, board, db, new_context, look):
    page = await visitor(**options(look))
    faults = await visit(page, Stop("visitor", "sign-in-both", "/login?next=/search"), {}, look)
    faults += await visit(page, Stop("visitor", "register-both", "/register"), {}, look)
    missing = Stop("visitor", "sign-in-over", "/sign-in/callback?state=x", status=400)
    faults += await visit(page, missing, {}, look)
    await page.goto("/login")
    await go(page, f"tour-{look[1]}-{look[0]}")
    await expect(page.get_by_label("Username")).to_be_visible()
    faults += await visit(page, Stop("visitor", "sign-in-name", "/sign-in/name"), {}, look)
    await page.get_by_label("Username").fill(f"tour-{look[1]}-{look[0]}")
    await page.get_by_role("button", name="Create account").click()
    for name, path in (
        ("provider-connected", "/me/settings/provider"),
        ("provider-settings", "/me/settings"),
        ("provider-delete", "/me/settings/delete"),
    ):
        faults += await visit(page, Stop("regular", name, path), {}, look)
    await page.get_by_role("button", name="Sign out").click()
    faults += await visit(page, Stop("visitor", "sign-in-ended", "/sign-in/ended"), {}, look)
    member = await (
        await new_context(await board.user(), base_url=page.url.split("/sign-in")[0], **options(look))
    ).new_page()
    faults += await visit(
        member, Stop("regular", "provider-connect", "/me/settings/provider"), {}, look
    )
    with run_provider() as server:
        gone = server.server_port
    async with sign_on_board(settings, gone, password_sign_in="no") as address:
        page = await (await new_context(base_url=address, **options(look))).new_page()
        faults += await visit(page, Stop("visitor", "sign-in-only", "/login"), {}, look)
        away = Stop("visitor", "sign-in-away", "/sign-in/start", status=503)
        faults += await visit(page, away, {}, look)
    assert "\n".join(faults) == ""
