"""What looks odd: a stuffed ballot is found, with the right figures, and an honest crowd is not."""

import re
from datetime import timedelta

import pytest

from app.moderation import odd
from app.moderation.odd.queries import select_findings
from tests.event.own_event import event, event_board
from tests.moderation.odd_board import START, cast, crowd, forget_accounts, vote_honestly

__all__ = ["event", "event_board"]


@pytest.fixture
async def board(event):
    """Return a board on which no account is new."""
    await forget_accounts(event)
    return event


async def find(event):
    await event.services.persist_events()
    await odd.find_odd_votes(event.services)
    return await select_findings(event.services.db)


async def stuff(event, project_id, count=30, *, start=START, minutes=4.0, value=1):
    users = await crowd(event, count, start=start, minutes=minutes)
    await cast(event, project_id, users, value)
    return users


async def test_thirty_fresh_accounts_are_found_and_an_honest_crowd_is_not(board):
    projects = [await board.board.project() for _ in range(10)]
    await vote_honestly(board, await crowd(board, 200), projects)
    assert await find(board) == []
    stuffed = await stuff(board, projects[7], start=START + timedelta(minutes=3))
    [found] = await find(board)
    assert (found.project_id, found.value) == (projects[7], 1)
    assert found.accounts >= len(stuffed)


async def test_a_finding_is_told_in_figures(board):
    target, other = await board.board.project(), await board.board.project()
    earlier = await crowd(board, 3, start=START - timedelta(days=3))
    await cast(board, target, earlier)
    await cast(board, other, earlier)
    users = await stuff(board, target, 28)
    [found] = await find(board)
    assert (found.accounts, found.votes, found.first_id) == (28, 31, users[0].id)
    assert found.made_until - found.made_from == timedelta(minutes=4) * 27 / 28
    html = (await board.get("/admin/odd", await board.admin()))[1]
    assert re.search(
        r"28 of 31 up votes</strong> came from accounts that were made within 4 minutes", html
    )
    assert "No account that was made meanwhile voted on another project." in html
    assert f'href="/admin/suspensions/new?finding={target}-up-{users[0].id}"' in html


async def test_the_larger_of_two_findings_comes_first(board):
    few, many = await board.board.project(), await board.board.project()
    await stuff(board, few, 8, start=START - timedelta(days=1))
    await stuff(board, many, 12)
    assert [found.project_id for found in await find(board)] == [many, few]


async def test_down_votes_are_found_too(board):
    project_id = await board.board.project()
    await stuff(board, project_id, 6, value=-1)
    [found] = await find(board)
    assert (found.value, found.accounts, found.votes) == (-1, 6, 6)


@pytest.mark.parametrize("reason", ["few", "slow", "old", "elsewhere", "hidden", "withdrawn"])
async def test_what_is_not_odd(board, reason):
    project_id, other = await board.board.project(), await board.board.project()
    start = START - timedelta(days=31) if reason == "old" else START
    minutes = 11 * 6 if reason == "slow" else 1
    users = await stuff(board, project_id, 4 if reason == "few" else 6, start=start, minutes=minutes)
    if reason == "elsewhere":
        await cast(board, other, users[:2])
    if reason == "hidden":
        await board.execute("UPDATE projects SET hidden_at = now() WHERE id = $1", project_id)
    if reason == "withdrawn":
        await board.execute(
            "INSERT INTO withdrawals (user_id, total, by_moderator) VALUES ($1, 1, true)", users[3].id
        )
    assert await find(board) == []
    await board.execute("DELETE FROM withdrawals")


async def test_a_ballot_with_one_vote_for_each_is_not_odd(board):
    """With a budget of one vote, everybody has one vote."""
    projects = [await board.board.project() for _ in range(6)]
    people = await crowd(board, 90)
    for number, project_id in enumerate(projects):
        await cast(board, project_id, people[number::6])
    assert await find(board) == []


async def test_the_page_says_that_nothing_is_odd_and_how_it_is_found(board):
    html = (await board.get("/admin/odd", await board.admin()))[1]
    assert "Nothing looks odd" in html
    assert "at least 5 accounts" in html
