"""Whether a user is an admin is read from PostgreSQL, and rarely."""

import asyncio

from app.accounts import queries
from tests.support import client_of


async def test_many_requests_of_one_user_read_is_admin_once(free_app, board, monkeypatch):
    """With one query per request, many requests would take the connection that hydration needs."""
    asked, select = [], queries.select_is_admin

    async def count_and_select(db, user_id: int) -> bool:
        asked.append(user_id)
        return await select(db, user_id)

    monkeypatch.setattr(queries, "select_is_admin", count_and_select)
    user = await board.user()
    pages = await asyncio.gather(*[client_of(free_app, user).get("/search") for _ in range(30)])
    assert {page.status_code for page in pages} == {200}
    assert asked == [user.id]
