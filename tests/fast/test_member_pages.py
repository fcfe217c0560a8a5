"""The fast path for members shows the same list as the Quart route, and as fresh."""

import asyncio
import random
import secrets

import pytest

from app.accounts.queries import insert_user
from app.fast.member_pages import ADDRESSES, MemberPages
from app.main import create_app
from app.voting.votes import Vote
from tests.asgi_calls import Response
from tests.fast.vote_requests import FORM, request
from tests.projects.fresh import stop_the_clock
from tests.support import session_cookie

NOWHERE = "redis://127.0.0.1:1"


async def get(app, headers, query=b"sort=new") -> Response:
    return await request(app, "/", b"", {"content-length": None, **headers}, "GET", query)


def own(app, user) -> dict[str, str]:
    return {"cookie": f"upvote_session={session_cookie(app, user)}"}


@pytest.fixture
def member_pages(free_app, monkeypatch) -> MemberPages:
    stop_the_clock(monkeypatch)
    return MemberPages(free_app)


async def refuse(*_):
    raise AssertionError("the request reached Quart")


@pytest.fixture
def quart_is_closed(free_app, monkeypatch):
    monkeypatch.setattr(type(free_app), "__call__", refuse)


@pytest.fixture(scope="module")
async def reader(board, batcher, db):
    """Somebody who has voted up, down and not at all, on projects that are hot, cold and locked."""
    user, *others = await board.users(5)
    projects = [await board.project() for _ in range(30)]
    for project_id in projects[::2]:
        for voter in (user, *others):
            await batcher.cast(Vote(project_id, voter.id, random.choice((1, 0, -1))))
    vote = "INSERT INTO votes VALUES ($1, $2, 1, 1, now())"
    await db.execute(vote, projects[-1], user.id)  # a cold one
    await db.execute("UPDATE projects SET locked_at = now() WHERE id = ANY ($1)", projects[-4:-2])
    yield user
    # This vote has no event, so other tests' boards would not verify with it.
    await db.execute("DELETE FROM votes WHERE project_id = $1", projects[-1])


CASES = {
    "plain": {},
    "zipped": {"accept-encoding": "gzip, br"},
    "htmx": {"hx-request": "true"},
    "visitor": {"cookie": None},
    "forged cookie": {"cookie": "upvote_session=forged"},
    "another cookie": {"cookie": "theme=dark; {}; a=b"},
}


@pytest.mark.parametrize("case", CASES)
async def test_fast_path_and_quart_give_the_same_list(member_pages, free_app, reader, case):
    headers = own(free_app, reader)
    if "cookie" in CASES[case]:
        headers["cookie"] = (CASES[case]["cookie"] or "").format(headers["cookie"]) or None
    headers = {**CASES[case], **headers}
    assert await get(member_pages, headers) == await get(free_app, headers)


@pytest.mark.parametrize("query", [*list(ADDRESSES)[:8], b"sort=top&t=week", b"sort=none", b"after=x"])
async def test_fast_path_and_quart_give_the_same_list_at_every_address(
    member_pages, free_app, reader, query
):
    headers = own(free_app, reader)
    assert await get(member_pages, headers, query) == await get(free_app, headers, query)


async def test_fast_path_and_quart_give_an_admin_the_same_list(member_pages, free_app, db):
    admin = await insert_user(db, f"admin-{secrets.token_hex(4)}", "no hash", is_admin=True)
    free_app.extensions["upvote_accounts"].admin_ids |= {admin.id}
    got = await get(member_pages, own(free_app, admin))
    assert got == await get(free_app, own(free_app, admin))
    assert "Moderation" in got.body


async def test_fast_path_and_quart_give_the_same_list_without_redis(settings, reader, monkeypatch):
    stop_the_clock(monkeypatch)
    app = create_app(settings.model_copy(update={"redis_url": NOWHERE}))
    async with app.test_app():
        got = await get(MemberPages(app), own(app, reader))
        assert got == await get(app, own(app, reader))
    assert got.body.count('data-vote="1"') == 1


async def test_fast_path_and_quart_answer_alike_without_postgresql(settings, reader, monkeypatch):
    away = {"database_url": "postgresql://127.0.0.1:1/nowhere"}
    app = create_app(settings.model_copy(update=away))
    async with app.test_app():
        board = app.extensions["upvote"].board
        board.learn(board.settings)  # tallies of a board that is not known count as secret
        theirs = await get(app, own(app, reader))
        monkeypatch.setattr("app.projects.routes.ranked_page", refuse)  # one time-out is enough
        assert await get(MemberPages(app), own(app, reader)) == theirs
    assert theirs.status == 503


async def test_a_plain_list_never_reaches_quart(member_pages, free_app, reader, quart_is_closed):
    assert (await get(member_pages, own(free_app, reader))).status == 200


async def test_a_message_that_waits_is_shown(member_pages, free_app, reader):
    message = {"_flashes": [("message", "Project saved.")]}
    session = free_app.session_interface.get_signing_serializer(free_app).dumps(message)
    headers = {"cookie": f"session={session}; {own(free_app, reader)['cookie']}"}
    got = await get(member_pages, headers)
    assert "Project saved." in got.body
    assert "Sign out" in got.body


async def test_an_ended_session_is_passed_on(member_pages, free_app, board):
    user = await board.user()
    free_app.extensions["upvote_accounts"].revocations.learn(user.id, 2**62)
    assert "Sign in" in (await get(member_pages, own(free_app, user))).body


async def test_votes_of_all_are_on_the_next_page(
    member_pages, free_app, board, batcher, quart_is_closed
):
    project_id, (user, other) = await board.project(), await board.users(2)
    await get(member_pages, own(free_app, user))
    for number, voter in ((1, other), (2, user)):
        answer = await batcher.cast(Vote(project_id, voter.id, 1))
        body = (await get(member_pages, own(free_app, user))).body
        assert f'id="score-{project_id}" data-score="{number}" data-version="{number}"' in body
        mine = int(voter is user)
        assert f'id="vote-box-{project_id}" data-vote="{mine}" data-version="{number}"' in body
        assert answer.tally.version == number


async def test_what_was_submitted_is_on_the_next_page(member_pages, free_app, board):
    user, title = await board.user(), f"Just submitted {secrets.token_hex(4)}"
    assert title not in (await get(member_pages, own(free_app, user))).body
    form = f"title={title.replace(' ', '+')}&url=&description=".encode()
    sent = await request(member_pages, "/projects/new", form, {**own(free_app, user), **FORM})
    assert sent.status == 303
    assert title in (await get(member_pages, own(free_app, user))).body


async def test_readers_who_come_together_ask_once(member_pages, free_app, board, batcher, monkeypatch):
    users, functions = await board.users(20), free_app.extensions["upvote"].functions
    project_id = await board.project()
    for user in users[::2]:
        await batcher.cast(Vote(project_id, user.id, 1))
    calls, call = [], functions._call

    async def count(shard, name, *arguments, **options):
        calls.append(name)
        return await call(shard, name, *arguments, **options)

    monkeypatch.setattr(functions, "_call", count)
    pages = await asyncio.gather(*[get(member_pages, own(free_app, user)) for user in users])
    assert calls == ["read", "read_for_users"]
    box = f'id="vote-box-{project_id}" data-vote="'
    assert [page.body.partition(box)[2][0] for page in pages] == ["1", "0"] * 10
    assert [user.username in page.body for user, page in zip(users, pages, strict=True)] == [True] * 20
