"""A project's current and best places in the lists."""

import pytest

from app.projects import places
from app.projects.places import LISTS, MAX_PLACE, places_of, record_best_places
from app.projects.places.queries import select_places
from tests.projects.fresh import board_of
from tests.support import client_of


@pytest.fixture
async def ten(db, board):
    """Yield a connection that sees ten projects with scores 1 to 10, and their IDs, best first."""
    async with board_of(db, await board.user(), 10) as (connection, made):
        yield connection, sorted(made, reverse=True)


class Shown:
    """The parts of a row that a place needs."""

    hidden = False

    def __init__(self, project_id: int) -> None:
        self.id = project_id


async def top(connection, project_id):
    """Return the place in `top` now and at best, and whether the best one was earlier."""
    [place] = [p for p in await places_of(connection, Shown(project_id)) if p.list == "top"]
    return place.now, place.best, place.best_at is not None


async def score(connection, project_id, points):
    await connection.execute(
        "UPDATE projects SET upvotes = $2, downvotes = 0 WHERE id = $1", project_id, points
    )
    await record_best_places(connection)


async def test_a_place_is_the_position_in_the_list(ten):
    connection, ranked = ten
    assert [await top(connection, number) for number in ranked] == [
        (place, place, False) for place in range(1, 11)
    ]


async def test_the_best_place_stays_when_a_project_falls(ten):
    connection, [first, *_, last] = ten
    await record_best_places(connection)
    await score(connection, first, 0)
    assert await top(connection, first) == (10, 1, True)
    await score(connection, last, 99)
    assert await top(connection, last) == (1, 1, False)
    await score(connection, last, 9)
    assert await top(connection, last) == (2, 1, True)


async def test_a_best_place_is_written_only_when_it_is_better(ten):
    connection, _ = ten
    await record_best_places(connection)
    before = await connection.fetch("SELECT ctid, xmax, * FROM best_places ORDER BY project_id, list")
    await record_best_places(connection)
    after = await connection.fetch("SELECT ctid, xmax, * FROM best_places ORDER BY project_id, list")
    assert after == before


async def test_places_are_counted_and_stored_only_up_to_the_limit(ten, monkeypatch):
    connection, ranked = ten
    monkeypatch.setattr(places, "MAX_PLACE", 3)
    await record_best_places(connection)
    assert await top(connection, ranked[2]) == (3, 3, False)
    assert await top(connection, ranked[3]) == (None, None, False)
    noted = await connection.fetch("SELECT project_id FROM best_places WHERE list = 'top'")
    assert {row["project_id"] for row in noted} >= set(ranked[:3])
    assert not {row["project_id"] for row in noted} & set(ranked[3:])


async def test_the_table_accepts_every_place_that_is_stored(db):
    check = await db.fetchval(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'best_places_place_check'"
    )
    assert f"<= {MAX_PLACE}" in check


async def test_the_page_shows_the_places_of_a_project(app, board, db):
    project_id = await board.project()
    await db.execute("UPDATE projects SET upvotes = 5000000 WHERE id = $1", project_id)
    html = await (await client_of(app).get(f"/projects/{project_id}")).get_data(as_text=True)
    assert "In the lists" in html
    assert "1st" in html
    await db.execute("UPDATE projects SET upvotes = 0 WHERE id = $1", project_id)


async def test_every_list_is_queried(db, board):
    found = await select_places(db, await board.project(), LISTS, 10)
    assert [key for key, *_ in found] == list(LISTS)
