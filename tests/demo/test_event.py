"""`upvote demo --event` makes a hackathon in mid-event, on an empty board only."""

from datetime import timedelta

import pytest

from app.accounts.queries import insert_user
from app.board.change import change_board
from app.demo.event import ACCOUNTS, TRACKS, load_event
from app.demo.queries import insert_users
from app.errors import OperatorError
from app.projects.queries import insert_project
from app.services import open_services
from app.storage.migrate import migrate
from tests.waiting import CEILING


@pytest.fixture
def empty_board(second_board):
    migrate(second_board)
    return second_board


async def test_a_hackathon_in_mid_event(empty_board):
    await load_event(empty_board)
    async with open_services(empty_board, query_seconds=CEILING) as services:
        board, db = services.board, services.db
        await board.refresh()
        assert (board.voting_phase(), board.submitting_phase()) == ("open", "ended")
        assert board.is_secret()
        assert timedelta(minutes=100) < board.settings.vote_until - board.now() < timedelta(hours=2)
        assert {track.slug for track in board.tracks} == set(TRACKS)
        rows = await db.fetch(
            """
            SELECT slug, count(*) AS projects, sum(upvotes) AS votes FROM projects
            JOIN tracks ON tracks.id = track_id GROUP BY slug
            """
        )
        assert sum(row["projects"] for row in rows) == 25
        assert len(rows) == 3
        assert all(row["votes"] > 100 for row in rows)
        assert await db.fetchval("SELECT count(*) FROM users") == ACCOUNTS + 1
        assert await db.fetchval("SELECT count(*) FROM project_members") > 25
        # The rules hold for these votes too.
        assert not await db.fetchval(
            """
            SELECT count(*) FROM votes JOIN projects ON projects.id = project_id
            LEFT JOIN project_members USING (project_id, user_id)
            WHERE author_id = votes.user_id OR accepted_at IS NOT NULL
            """
        )
        assert await db.fetchval(
            "SELECT bool_and(created_at >= vote_from) FROM vote_events, board_settings"
        )
        before = await db.fetchval("SELECT count(*) FROM vote_events")
        await load_event(empty_board)
        assert await db.fetchval("SELECT count(*) FROM vote_events") == before
        assert await db.fetchval("SELECT count(*) FROM projects") == 25


@pytest.mark.parametrize("content", ["a project", "a setting"])
async def test_a_board_with_other_content_is_left_alone(empty_board, content):
    async with open_services(empty_board, query_seconds=CEILING) as services:
        if content == "a project":
            [author] = await insert_users(services.db, ["somebody"])
            await services.db.execute("UPDATE users SET password_hash = 'x'")
            await insert_project(services.db, author, "A project of a person", None, "")
        else:
            await change_board(services.board, None, {"name": "A real event"})
        with pytest.raises(OperatorError, match="not those of a demo"):
            await load_event(empty_board)
        assert not await services.db.fetchval("SELECT count(*) FROM tracks")


async def test_a_board_on_which_people_have_registered_is_left_alone(empty_board):
    async with open_services(empty_board, query_seconds=CEILING) as services:
        await insert_user(services.db, "somebody", "a hash")
        with pytest.raises(OperatorError, match="People have registered"):
            await load_event(empty_board)
        assert await services.db.fetchval("SELECT count(*) FROM users") == 1
        # Not so one with an admin alone, who may have been made to try it.
        await services.db.execute("UPDATE users SET is_admin = true")
        await load_event(empty_board)
