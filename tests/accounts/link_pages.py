"""An account, a link to set its password, and browsers that use it."""

import secrets

import pytest

from app.accounts.passwords import hash_password
from app.accounts.queries import insert_user
from app.moderation.password_links import make_logged_link
from tests.support import client_of

OLD, NEW = "correct horse", "battery staple"


@pytest.fixture
async def account(db):
    """Return an account with a password."""
    return await insert_user(db, f"l-{secrets.token_hex(5)}", await hash_password(OLD))


@pytest.fixture
async def link(db, account):
    """Return the path of a link for the account."""
    return await make_logged_link(db, None, account.id, "forgotten")


async def sign_in(app, account, password):
    client = client_of(app)
    form = {"username": account.username, "password": password}
    return client, (await client.post("/login", form=form)).status_code


async def is_in(client) -> bool:
    return (await client.get("/me/settings")).status_code == 200


async def use(app, link, password=NEW):
    """Send the form of a link's page in a new browser; return the browser and the response."""
    client = client_of(app)
    return client, await client.post(link, form={"password": password})
