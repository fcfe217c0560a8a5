"""Tracks: added, renamed and removed, in the log; every process knows them."""

import asyncio

import pytest

from app.board.change_tracks import BadTrack, add_track, remove_track, rename_track
from app.projects.queries import insert_project

FORTY_NINE = "INSERT INTO tracks (slug, name) SELECT 't' || n, 'T' FROM generate_series(1, 49) n"


def slugs(board):
    return [track.slug for track in board.tracks]


async def project_in(db, board, author, slug):
    """Submit a project in a track and return its id."""
    [track] = [track for track in board.tracks if track.slug == slug]
    return await insert_project(db, author.id, "In a track", None, "", track.id)


async def track_of(db, project_id):
    query = "SELECT slug FROM projects LEFT JOIN tracks ON tracks.id = track_id WHERE projects.id = $1"
    return await db.fetchval(query, project_id)


async def refused(change):
    with pytest.raises(BadTrack) as raised:
        await change
    return raised.value.field, str(raised.value)


async def test_every_process_learns_of_a_track(tracks, app, free_app):
    await tracks(games="Games")
    assert slugs(app.extensions["upvote"].board) == slugs(free_app.extensions["upvote"].board)
    assert slugs(app.extensions["upvote"].board) == ["games"]


async def test_a_change_of_the_board_does_not_hide_a_track_that_another_process_added(
    tracks, organise, app, free_app
):
    ours, theirs = app.extensions["upvote"].board, free_app.extensions["upvote"].board
    await add_track(theirs, None, "games", "Games")
    await organise(name="Autumn")
    assert slugs(ours) == ["games"]


@pytest.mark.parametrize(
    ("slug", "name", "field", "words"),
    [
        ("", "Games", "slug", "1 to 40 characters"),
        ("Games", "Games", "slug", "a to z"),
        ("-games", "Games", "slug", "begins and ends"),
        ("g" * 41, "Games", "slug", "1 to 40"),
        ("none", "None", "slug", "cannot be"),
        ("games", " \u200b ", "name", "a name"),
        ("games", "👩‍👩‍👧‍👦" * 60, "name", "at most 60"),
    ],
)
async def test_a_bad_track_is_refused_with_what_was_expected(tracks, app, slug, name, field, words):
    board = app.extensions["upvote"].board
    wrong, message = await refused(add_track(board, None, slug, name))
    assert wrong == field
    assert words in message
    await board.refresh()
    assert not board.tracks


async def test_a_name_of_sixty_characters_of_any_script_is_kept(tracks, app):
    name = "ゲーム" * 20
    await tracks(games=name)
    assert [track.name for track in app.extensions["upvote"].board.tracks] == [name]


async def test_a_track_is_added_once_and_there_are_fifty_at_most(tracks, app, db):
    board = app.extensions["upvote"].board
    await tracks(games="Games")
    assert (await refused(add_track(board, None, "games", "Other")))[0] == "slug"
    await db.execute(
        "INSERT INTO tracks (slug, name) SELECT 't' || n, 'T' FROM generate_series(1, 49) n"
    )
    assert "at most 50" in (await refused(add_track(board, None, "more", "More")))[1]


async def test_two_processes_do_not_make_more_than_fifty(tracks, app, free_app, db):
    await db.execute(
        "INSERT INTO tracks (slug, name) SELECT 't' || n, 'T' FROM generate_series(1, 49) n"
    )
    both = [each.extensions["upvote"].board for each in (app, free_app)]
    made = [add_track(board, None, f"new{n}", "New") for n, board in enumerate(both)]
    results = await asyncio.gather(*made, return_exceptions=True)
    assert sum(isinstance(result, BadTrack) for result in results) == 1
    assert await db.fetchval("SELECT count(*) FROM tracks") == 50


async def test_a_track_with_projects_is_removed_only_with_a_place_for_them(tracks, app, board, db):
    settings = app.extensions["upvote"].board
    await tracks(games="Games", tools="Tools")
    project_id = await project_in(db, settings, await board.user(), "games")
    for to, words in (("", "1 project is"), ("games", "another track"), ("xyz", "games, tools")):
        field, message = await refused(remove_track(settings, None, "games", to))
        assert field == "to"
        assert words in message
    assert await track_of(db, project_id) == "games"
    assert await remove_track(settings, None, "games", "tools") == 1
    assert await track_of(db, project_id) == "tools"
    assert await remove_track(settings, None, "tools", "none") == 1
    assert await track_of(db, project_id) is None
    assert not settings.tracks


async def test_a_track_whose_projects_are_deleted_is_empty(tracks, app, board, db):
    settings = app.extensions["upvote"].board
    await tracks(games="Games")
    project_id = await project_in(db, settings, await board.user(), "games")
    await db.execute("UPDATE projects SET deleted_at = now() WHERE id = $1", project_id)
    assert await remove_track(settings, None, "games") == 0


async def test_each_change_is_in_the_moderation_log(tracks, app, db):
    settings = app.extensions["upvote"].board
    await tracks(games="Games")
    await rename_track(settings, None, "games", "Great games")
    await remove_track(settings, None, "games")
    rows = await db.fetch(
        "SELECT reason FROM moderation_actions WHERE action = 'board' ORDER BY id DESC LIMIT 3"
    )
    assert [row["reason"] for row in reversed(rows)] == [
        "track games: added as Games",
        "track games: Games → Great games",
        "track games: removed",
    ]
