"""An account without a password, which signs in through an identity provider only."""

import json

import pytest

from app.accounts.queries import insert_user
from tests.support import client_of


@pytest.fixture
async def account(db, board):
    """Return an account without a password, with one identity."""
    name = f"{(await board.user()).username}-x"[:32]
    account = await insert_user(db, name, None)
    await db.execute(
        "INSERT INTO user_identities (issuer, subject, user_id) VALUES ('https://id.test', $1, $2)",
        name,
        account.id,
    )
    return account


@pytest.mark.parametrize("password", ["", "None", "password"])
async def test_no_password_signs_in_to_it(free_app, account, password):
    form = {"username": account.username, "password": password}
    answer = await client_of(free_app).post("/login", form=form)
    assert answer.status_code == 422
    assert "do not match" in await answer.get_data(as_text=True)


async def test_no_password_confirms_a_change(free_app, account):
    client = client_of(free_app, account)
    form = {"current": "", "password": "battery staple"}
    assert (await client.post("/me/settings/password", form=form)).status_code == 422
    assert (await client.post("/me/settings/delete", form={"password": ""})).status_code == 422


async def test_an_export_has_the_identities(free_app, account):
    answer = await client_of(free_app, account).get("/me/export.json")
    [identity] = json.loads(await answer.get_data())["identities"]
    assert identity.pop("connected_at")
    assert identity == {"issuer": "https://id.test", "subject": account.username}
