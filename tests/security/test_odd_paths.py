"""Names with line breaks or NUL in a path cause no error of the server."""

import pytest

from tests.accounts.hashing import quick_hashes
from tests.accounts.person import one
from tests.moderation.admin_pages import admin
from tests.support import client_of

__all__ = ["admin", "one", "quick_hashes"]


@pytest.mark.parametrize("name", ["a%0ab", "a%0d%0ab", "a%00b", "nobody-here"])
async def test_a_former_address_of_no_account_is_not_found(free_app, admin, name):
    assert (await client_of(free_app, admin).get(f"/admin/users/{name}")).status_code == 404


async def test_a_former_address_leads_to_the_account(free_app, admin):
    answer = await client_of(free_app, admin).get(f"/admin/users/{admin.username}")
    assert answer.headers["Location"] == f"/admin/people/{admin.username}"


@pytest.mark.parametrize("path", ["/admin/people/a%00b", "/admin/users/a%0ab", "/admin/people/a%5cb"])
async def test_a_form_of_no_page_is_no_draft(one, path):
    await one.client.post("/logout")
    form = {"account": one.name, "action": "suspend", "reason": "Because."}
    answer = await one.client.post(path, form=form)
    assert answer.status_code == 303
    assert "kept" not in answer.headers["Location"]
    assert await one.db.fetchval("SELECT count(*) FROM drafts WHERE user_id = $1", one.id) == 0
