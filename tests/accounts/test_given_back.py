"""A form that could not be processed is given back with what was typed, on the page of the error."""

import re

import pytest

from tests.accounts.hashing import quick_hashes
from tests.accounts.person import one

__all__ = ["one", "quick_hashes"]

TEXT = {"title": "An hour of <work>", "url": "https://x.example/", "description": "Words\n" * 200}


async def fail(*_, **__):
    raise TimeoutError


def fields_of(page: str) -> dict[str, str]:
    form = page.split('id="what-you-wrote"')[1]
    return dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))


async def test_an_outage_gives_the_text_back_to_be_sent_again(one, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("app.accounts.idempotency.queries.lock_user", fail)
        patch.setattr("app.projects.submit.attempt_to_submit", fail)
        answer = await one.client.post("/projects/new", form={**TEXT, "key": "k", "account": one.name})
    page = await answer.get_data(as_text=True)
    assert answer.status_code == 503
    assert "An hour of &lt;work&gt;</textarea>" in page
    assert "Words\nWords\n" in page
    assert fields_of(page) == {"account": one.name, "key": "k"}


@pytest.mark.parametrize(("path", "form"), [
    ("/login", {"username": "kim", "password": "secret horse"}),
    ("/me/settings/password", {"name": "kim", "current": "secret horse", "password": "secret horse"}),
])  # fmt: skip
async def test_an_error_page_gives_no_password_back(one, monkeypatch, path, form):
    monkeypatch.setattr("app.accounts.queries.select_user", fail)
    monkeypatch.setattr("app.accounts.queries.select_account", fail)
    answer = await one.client.post(path, form=form)
    page = await answer.get_data(as_text=True)
    assert answer.status_code == 503
    assert "kim</textarea>" in page
    assert "secret horse" not in page
    assert "Send again" not in page


async def test_a_tab_of_another_account_gives_the_text_back_for_the_present_one(one):
    answer = await one.client.post("/projects/new", form={**TEXT, "account": "kim"})
    page = await answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "An hour of &lt;work&gt;</textarea>" in page
    assert fields_of(page)["account"] == one.name


async def test_a_request_from_another_site_gets_nothing_back(one):
    headers = {"Origin": "https://evil.example"}
    answer = await one.client.post("/projects/new", form=TEXT, headers=headers)
    assert "An hour of" not in await answer.get_data(as_text=True)


async def test_a_reason_that_is_too_long_is_given_back(one, board, db):
    await db.execute("UPDATE users SET is_admin = true WHERE id = $1", one.id)
    form = {"action": "hide", "reason": "x" * 501}
    answer = await one.client.post(f"/admin/projects/{await board.project()}", form=form)
    page = await answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "x" * 501 in page
    assert fields_of(page)["action"] == "hide"
