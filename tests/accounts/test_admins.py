"""Who is an admin is asked of PostgreSQL, and seldom."""

import asyncio

from app.accounts import queries
from tests.support import client_of


async def test_many_requests_of_one_user_ask_once_whether_it_is_an_admin(free_app, board, monkeypatch):
    """Each asked for itself, and a crowd of them kept hydration from its connection."""
    asked, select = [], queries.select_is_admin

    async def count_and_select(db, user_id: int) -> bool:
        asked.append(user_id)
        return await select(db, user_id)

    monkeypatch.setattr(queries, "select_is_admin", count_and_select)
    user = await board.user()
    pages = await asyncio.gather(*[client_of(free_app, user).get("/search") for _ in range(30)])
    assert {page.status_code for page in pages} == {200}
    assert asked == [user.id]
