"""Changes of the board's settings: all of one change or nothing, in the log, obeyed at once."""

import re
from datetime import timedelta

import pytest

from app.board import change, queries
from app.board.board import Board
from app.board.change import BadBoard, NothingSecret, change_board, reveal
from app.voting.votes import Status, Vote

FUTURE = "2199-01-01 12:00"


async def refused(organise, **texts):
    with pytest.raises(BadBoard) as raised:
        await organise(**texts)
    return raised.value.errors


@pytest.mark.parametrize(
    ("key", "text", "words"),
    [
        ("timezone", "Mars/Olympus", "no time zone"),
        ("vote_until", "2020-01-01 00:00", "in the past"),
        ("submit_until", "2020-01-01 00:00", "in the past"),
        ("vote_until", "soon", "Give a time such as"),
        ("tallies", "hidden", "public, after_voting, after_reveal"),
        ("budget", "-1", "whole number"),
        ("downvotes", "maybe", "yes or no"),
        ("accent", "green", "#0a7d4f"),
        ("name", "🎉" * 61, "at most 60"),
        ("tallies", "after_voting", "vote_until"),
    ],
)
async def test_a_bad_value_names_what_was_expected(organise, key, text, words):
    assert words in (await refused(organise, **{key: text}))[key]


async def test_a_bad_value_keeps_the_good_ones_of_the_same_change_out(organise, db):
    before = await db.fetchrow("SELECT * FROM board_settings")
    assert set(await refused(organise, name="Autumn", budget="many", timezone="?")) == {
        "budget",
        "timezone",
    }
    assert await db.fetchrow("SELECT * FROM board_settings") == before


async def test_voting_cannot_end_before_it_begins(organise):
    await organise(vote_until="2190-01-01 00:00")
    errors = await refused(organise, vote_from=FUTURE)
    assert "before it begins" in errors["vote_from"]


async def test_a_beginning_in_the_past_opens_voting_at_once_and_the_end_holds(
    organise, free_app, board
):
    services, user = free_app.extensions["upvote"], await board.user()
    project_id = await board.project()
    vote = Vote(project_id, user.id, 1)
    await organise(vote_from=FUTURE, submit_from=FUTURE)
    assert (await services.batcher.cast(vote)).status is Status.NOT_BEGUN
    begin = services.board.now() - timedelta(minutes=5)
    after = await organise(
        vote_from=begin.isoformat(), submit_from=begin.isoformat(), vote_until=FUTURE
    )
    assert after.vote_from < services.board.now()
    assert (services.board.voting_phase(), services.board.submitting_phase()) == ("open", "open")
    assert (await services.batcher.cast(vote)).status is Status.ACCEPTED
    await services.persist_events()
    assert all(event["created_at"] >= after.vote_from for event in await board.events(project_id))
    await organise(vote_until="now")
    again = (begin - timedelta(minutes=1)).isoformat()
    await organise(vote_from=again)  # an earlier beginning opens nothing that has ended
    assert (await services.batcher.cast(Vote(project_id, user.id, 0))).status is Status.ENDED


async def test_times_are_in_the_time_zone_that_comes_with_them(organise):
    after = await organise(vote_until=FUTURE, timezone="Europe/Berlin")
    assert after.vote_until.hour == 11


async def test_each_change_is_in_the_moderation_log(organise, db):
    await organise(name="Autumn games", budget="3")
    texts = await db.fetch(
        "SELECT reason FROM moderation_actions WHERE action = 'board' ORDER BY id DESC LIMIT 2"
    )
    assert {row["reason"] for row in texts} == {"name: Upvote → Autumn games", "budget: 0 → 3"}


async def test_tallies_that_were_revealed_are_secret_again_if_it_is_said_again(organise, app, db):
    board = app.extensions["upvote"].board
    await organise(tallies="after_reveal")
    await reveal(board, None)
    await organise(budget="3")
    assert not board.is_secret()
    await organise(tallies="after_reveal")
    assert board.is_secret()
    assert (await board.rules.state(0)).secret  # for processes that start while PostgreSQL is away
    logged = await db.fetchval(
        "SELECT reason FROM moderation_actions WHERE action = 'board' ORDER BY id DESC LIMIT 1"
    )
    assert re.fullmatch("revealed_at: .+ → none", logged)
    revision = board.settings.revision
    assert (await organise(tallies="after_reveal")).revision == revision


@pytest.mark.parametrize(
    "texts", [{}, {"tallies": "after_voting", "vote_until": FUTURE}, {"tallies": "after_reveal"}]
)
async def test_only_what_is_secret_until_then_is_revealed(organise, app, texts):
    board = app.extensions["upvote"].board
    before = await organise(**texts)
    if before.can_be_revealed:
        await reveal(board, None)
        before = board.settings
    with pytest.raises(NothingSecret):
        await reveal(board, None)
    await board.refresh()
    assert board.settings == before


async def test_after_closing_now_no_vote_is_accepted_and_no_event_is_later(
    organise, free_app, board, db
):
    services, user, project_id = (
        free_app.extensions["upvote"],
        await board.user(),
        await board.project(),
    )
    assert (await services.batcher.cast(Vote(project_id, user.id, 1))).status is Status.ACCEPTED
    after = await organise(vote_until="now")
    result = await services.batcher.cast(Vote(project_id, user.id, 0))
    assert (result.status, result.value) == (Status.ENDED, 1)
    await services.persist_events()
    times = [event["created_at"] for event in await board.events(project_id)]
    assert times
    assert all(time < after.vote_until for time in times)


async def test_voting_that_ended_can_be_extended(organise, free_app, board):
    services, user, project_id = (
        free_app.extensions["upvote"],
        await board.user(),
        await board.project(),
    )
    ended = await organise(vote_until="now")
    later = (ended.vote_until + timedelta(hours=1)).isoformat()
    await organise(vote_until=later)
    assert (await services.batcher.cast(Vote(project_id, user.id, 1))).status is Status.ACCEPTED


async def test_a_process_keeps_the_later_of_two_changes_that_it_learns_of_at_once(
    organise, app, settings, monkeypatch
):
    board = app.extensions["upvote"].board
    other, tracks = Board(settings, board.db, board.rules), board.tracks
    publish = change.publish_rules

    async def while_another_process_changes_it(*args):
        monkeypatch.setattr(change, "publish_rules", publish)
        await change_board(other, None, {"budget": "7", "name": "Later"})
        await board.refresh()
        return await publish(*args)

    monkeypatch.setattr(change, "publish_rules", while_another_process_changes_it)
    await change_board(board, None, {"budget": "5"})
    assert (board.settings.budget, board.settings.name) == (7, "Later")
    await board.refresh()
    assert (board.settings, board.tracks) == (other.settings, tracks)


async def test_a_change_is_kept_though_an_older_state_was_being_read(
    organise, app, settings, monkeypatch
):
    board = app.extensions["upvote"].board
    select, seen = queries.select_board_settings, []

    async def while_it_is_changed(db):
        before = await select(db)
        if not seen:
            seen.append(before)
            await change_board(board, None, {"budget": "5"})
        return before

    await change_board(Board(settings, board.db, board.rules), None, {"name": "Autumn"})
    monkeypatch.setattr(queries, "select_board_settings", while_it_is_changed)
    await board.refresh()
    assert seen
    assert (board.settings.budget, board.settings.name) == (5, "Autumn")
    await board.refresh()
    assert (board.settings.budget, board.settings.name) == (5, "Autumn")


async def test_a_process_follows_a_database_that_went_back_in_time(organise, app, db):
    board = app.extensions["upvote"].board
    before = await organise(name="Autumn")
    await organise(name="Winter")
    await db.execute("UPDATE board_settings SET revision = $1, name = 'Autumn'", before.revision)
    await board.refresh()
    assert board.settings == before
