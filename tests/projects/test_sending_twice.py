"""A form to submit a project that is sent twice, as by a second click, submits one project."""

import asyncio
import re

import pytest

from tests.support import client_of

FORM = {"title": "A tide clock", "url": "https://tide.example/", "description": "It ticks."}


async def submit(app, user, **form):
    return await client_of(app, user).post("/projects/new", form={**FORM, **form})


async def projects_of(db, user) -> int:
    return await db.fetchval("SELECT count(*) FROM projects WHERE author_id = $1", user.id)


async def test_forms_sent_at_once_submit_one_project_and_lead_to_it(free_app, board, db):
    for form in ({"key": "a key"}, {}):
        user = await board.user()
        answers = await asyncio.gather(*[submit(free_app, user, **form) for _ in range(4)])
        assert {answer.status_code for answer in answers} == {303}
        assert len({answer.headers["Location"] for answer in answers}) == 1
        assert await projects_of(db, user) == 1


async def test_a_form_from_the_browsers_history_submits_nothing_again(free_app, board, db):
    user = await board.user()
    first = await submit(free_app, user, key="k")
    await db.execute("UPDATE idempotency_keys SET created_at = created_at - interval '1 hour'")
    again = await submit(free_app, user, key="k")
    assert again.headers["Location"] == first.headers["Location"]
    assert await projects_of(db, user) == 1


async def test_the_form_sent_again_with_other_words_asks_first(free_app, board, db):
    user = await board.user()
    first = (await submit(free_app, user, key="k")).headers["Location"]
    asked = await submit(free_app, user, key="k", title="Another clock")
    page = await asked.get_data(as_text=True)
    assert asked.status_code == 409
    assert f'<a href="{first}">' in page
    assert 'value="Another clock"' in page
    assert 'name="key" value="k"' not in page
    assert await projects_of(db, user) == 1


@pytest.mark.parametrize("title", ["A tide clock", "Another clock"])
async def test_the_form_of_a_deleted_project_can_be_sent_again(free_app, board, db, title):
    user = await board.user()
    first = (await submit(free_app, user, key="k")).headers["Location"]
    await client_of(free_app, user).post(f"{first}/delete", form={"confirm": "yes"})
    asked = await submit(free_app, user, key="k", title=title)
    page = await asked.get_data(as_text=True)
    assert (asked.status_code, "became was deleted" in page) == (409, True)
    assert first not in page.split("<main")[1]
    [key] = re.findall(r'name="key" value="([^"]+)"', page)
    second = await submit(free_app, user, key=key, title=title)
    assert (await client_of(free_app, user).get(second.headers["Location"])).status_code == 200


async def test_without_a_key_the_same_words_are_a_second_project_later(free_app, board, db):
    user = await board.user()
    await submit(free_app, user)
    await db.execute("UPDATE idempotency_keys SET expires_at = now() WHERE user_id = $1", user.id)
    await submit(free_app, user)
    assert await projects_of(db, user) == 2


async def test_two_people_may_use_the_same_key(free_app, board):
    users = await board.users(2)
    places = {(await submit(free_app, user, key="k")).headers["Location"] for user in users}
    assert len(places) == 2


async def test_while_the_first_is_running_the_second_waits_in_vain_and_says_so(free_app, board, db):
    user = await board.user()
    async with db.acquire() as running, running.transaction():
        await running.execute("SELECT FROM users WHERE id = $1 FOR NO KEY UPDATE", user.id)
        answer = await submit(free_app, user, key="k")
    assert (answer.status_code, answer.headers["Retry-After"]) == (409, "1")
    assert (await submit(free_app, user, key="k")).status_code == 303
