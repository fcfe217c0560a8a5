"""A project that is locked, hidden or deleted in PostgreSQL takes no votes from then on."""

import asyncio
from functools import partial
from unittest.mock import patch

import pytest

from app.accounts.commands import create_token
from app.errors import UnknownProject, VotesUnavailable
from app.storage.away import DATABASE_AWAY
from app.voting import closing, keys, queries
from app.voting.closing import publish_all_closed, publish_closed
from app.voting.hydration import Hydrator
from app.voting.votes import Status, Tally, Vote
from tests.fast.vote_requests import FORM, make_project, request, without_project_id
from tests.fast_client import FastVotesApp
from tests.support import client_of, make_cold, session_cookie
from tests.vote_box import HTMX, post_vote, vote_box


@pytest.fixture
def close(db, functions):
    """Return a function that sets or clears locked_at, hidden_at or deleted_at, as the pages do."""

    async def close(project_id: int, column: str, at: str = "now()", *, publish: bool = True) -> None:
        await db.execute(f"UPDATE projects SET {column} = {at} WHERE id = $1", project_id)  # noqa: S608
        if publish:
            assert await publish_closed(db, functions, project_id)

    return close


async def test_a_locked_project_refuses_votes_and_shows_the_current_state(free_app, board, close):
    project_id, client = await board.project(), client_of(free_app, await board.user())
    await post_vote(client, project_id, 1, **HTMX)
    await close(project_id, "locked_at")
    for value in (-1, 0, 1):
        answer = await post_vote(client, project_id, value, **HTMX)
        assert answer.status_code == 403
        html = await answer.get_data(as_text=True)
        assert vote_box(html) == {"vote": 1, "score": 1, "version": 1}
        assert html.count(" disabled") == 2
        assert "Voting is locked." in html.split('role="status"')[1]
    page = await post_vote(client, project_id, -1)
    assert page.status_code == 403
    assert "Voting is locked." in await page.get_data(as_text=True)
    await close(project_id, "locked_at", "NULL")
    assert (await post_vote(client, project_id, -1, **HTMX)).status_code == 200


async def test_the_pages_show_that_voting_is_locked(free_app, board, close):
    author = await board.user()
    project_id = await board.project(author)
    await close(project_id, "locked_at")
    for path in (f"/projects/{project_id}", f"/users/{author.username}"):
        html = await (await free_app.test_client().get(path)).get_data(as_text=True)
        assert "Voting is locked" in html
        assert html.count(" disabled") == 2


@pytest.mark.parametrize("column", ["hidden_at", "deleted_at"])
async def test_a_hidden_or_deleted_project_is_not_found(free_app, board, close, column):
    project_id, client = await board.project(), client_of(free_app, await board.user())
    await post_vote(client, project_id, 1, **HTMX)
    await close(project_id, column)
    assert (await post_vote(client, project_id, 1, **HTMX)).status_code == 404
    await close(project_id, column, "NULL")
    assert (await post_vote(client, project_id, -1, **HTMX)).status_code == 200


@pytest.mark.parametrize(("column", "status"), [("locked_at", 403), ("hidden_at", 404)])
async def test_fast_path_quart_and_api_refuse_alike(free_app, board, close, settings, column, status):
    answers = []
    for way in (FastVotesApp(free_app), free_app):
        project_id, user = await make_project(board), await board.user()
        await close(project_id, column)
        headers = {**FORM, "cookie": f"upvote_session={session_cookie(free_app, user)}"}
        got = await request(way, f"/projects/{project_id}/vote", b"value=1", headers)
        assert got.status == status
        answers.append(without_project_id(got, project_id))
    assert answers[0] == answers[1]
    token = await create_token(settings, user.username)
    answer = await free_app.test_client().post(
        "/api/votes",
        json={"project_id": project_id, "vote_type": "up"},
        headers={"Authorization": f"Bearer {token}"},
    )
    assert answer.status_code == status
    assert (await answer.get_json())["error"] in ("forbidden", "not_found")


async def test_a_cold_project_is_closed_too(batcher, board, close, redis):
    """The project is also closed after Redis has lost everything."""
    project_id, user = await board.project(), await board.user()
    await close(project_id, "locked_at")
    await make_cold(redis, project_id)
    assert (await batcher.cast(Vote(project_id, user.id, 1))).status is Status.LOCKED
    await close(project_id, "deleted_at")
    await make_cold(redis, project_id)
    with pytest.raises(UnknownProject):
        await batcher.cast(Vote(project_id, user.id, 1))


async def test_a_hydration_that_read_before_the_lock_installs_nothing(
    board, close, redis, db, functions
):
    project_id, user = await board.project(), await board.user()
    read, go = asyncio.Event(), asyncio.Event()
    select = queries.select_closed

    async def slow(connection, project_id):
        found = await select(connection, project_id)
        read.set()
        await go.wait()
        return found

    with patch.object(queries, "select_closed", slow):
        flight = asyncio.create_task(Hydrator(redis, db, functions, 1).hydrate(project_id))
        await read.wait()
        await close(project_id, "locked_at")
        go.set()
        assert await flight
    assert not await redis.exists(keys.tally(0, project_id))
    assert await Hydrator(redis, db, functions, 1).hydrate(project_id)
    [answer] = await functions.cast(0, [Vote(project_id, user.id, 1)])
    assert answer.status is Status.LOCKED


async def test_a_lock_that_redis_missed_is_published_later(board, close, db, functions, batcher):
    project_id, user = await board.project(), await board.user()
    await batcher.cast(Vote(project_id, user.id, 1))
    await close(project_id, "locked_at", publish=False)
    with patch.object(functions.closing, "close", side_effect=VotesUnavailable("away")):
        assert not await publish_closed(db, functions, project_id)
    assert (await batcher.cast(Vote(project_id, user.id, -1))).status is Status.ACCEPTED
    assert await publish_all_closed(db, functions) >= 1
    assert (await batcher.cast(Vote(project_id, user.id, 1))).status is Status.LOCKED
    with patch.object(closing, "publish_closed", side_effect=AssertionError("told twice")):
        assert await publish_all_closed(db, functions) == 0


@pytest.fixture
def lock_late(close, db, functions):
    """Return a function that locks a project while Redis is frozen, and returns the late command."""

    async def lock_late(project_id: int):
        await close(project_id, "locked_at", publish=False)
        with patch.object(functions.closing, "close", side_effect=VotesUnavailable("frozen")) as call:
            assert not await publish_closed(db, functions, project_id)
        return partial(functions.closing.close, *call.call_args.args)

    return lock_late


async def test_a_lock_that_arrives_after_the_unlock_is_put_right(
    board, close, lock_late, db, functions, batcher
):
    project_id, user = await board.project(), await board.user()
    await batcher.cast(Vote(project_id, user.id, 1))
    command = await lock_late(project_id)
    await close(project_id, "locked_at", "NULL", publish=False)
    with patch.object(functions.closing, "begin", side_effect=VotesUnavailable("refused")):
        assert not await publish_closed(db, functions, project_id)
    assert await command()
    assert (await batcher.cast(Vote(project_id, user.id, -1))).status is Status.LOCKED
    await publish_all_closed(db, functions)
    assert (await batcher.cast(Vote(project_id, user.id, -1))).status is Status.ACCEPTED


async def test_a_lock_that_arrives_after_the_unlock_was_published_is_refused(
    board, close, lock_late, batcher
):
    project_id, user = await board.project(), await board.user()
    await batcher.cast(Vote(project_id, user.id, 1))
    command = await lock_late(project_id)
    await close(project_id, "locked_at", "NULL")
    assert not await command()
    assert (await batcher.cast(Vote(project_id, user.id, -1))).status is Status.ACCEPTED


async def test_a_process_that_froze_with_the_state_it_had_read_is_put_right(
    board, close, db, functions, batcher
):
    """PostgreSQL has ended its transaction meanwhile, and another process could not ask Redis."""
    project_id, user = await board.project(), await board.user()
    await batcher.cast(Vote(project_id, user.id, 1))
    await close(project_id, "locked_at", publish=False)
    send = functions.closing.close

    async def freeze(*arguments):
        await db.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND state = 'idle in transaction'"
        )
        await close(project_id, "locked_at", "NULL", publish=False)
        return await send(*arguments)

    with patch.object(functions.closing, "close", freeze), pytest.raises(DATABASE_AWAY):
        await publish_closed(db, functions, project_id)
    assert (await batcher.cast(Vote(project_id, user.id, -1))).status is Status.LOCKED
    await publish_all_closed(db, functions)
    assert (await batcher.cast(Vote(project_id, user.id, -1))).status is Status.ACCEPTED


@pytest.mark.parametrize("column", ["locked_at", "hidden_at"])
async def test_votes_are_withdrawn_from_closed_projects(batcher, board, close, functions, column):
    project_id, user = await board.project(), await board.user()
    await batcher.cast(Vote(project_id, user.id, 1))
    await close(project_id, column)
    [answer] = await functions.withdraw(0, [Vote(project_id, user.id, 0)])
    assert (answer.status, answer.tally) == (Status.ACCEPTED, Tally(0, 0, 2))
