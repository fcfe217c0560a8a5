"""Paging neither repeats nor skips projects while ranks change; a broken cursor starts at the top."""

import base64
import json
import random
import re
import zlib
from datetime import UTC, datetime, timedelta

import pytest

from app.projects.cursors import GROUP_SIZE, decode_cursor, encode_cursor, next_cursor
from app.projects.orders import ORDERS
from app.projects.queries import Cursor, Position, select_projects
from tests.projects.fresh import board_of
from tests.support import client_of

PAGE = 25


async def shuffle(connection):
    await connection.execute(
        "UPDATE projects SET upvotes = random() * 1000, downvotes = random() * 1000,"
        " momentum = random() * 100 WHERE hidden_at IS NULL"
    )


async def nudge(connection):
    """Move each project by a few places, far fewer than GROUP_SIZE."""
    await connection.execute(
        "UPDATE projects SET upvotes = upvotes + 20 * random(), downvotes = downvotes + 20 * random()"
        " WHERE hidden_at IS NULL"
    )


async def walk(connection, order, between):
    """Return the IDs of each page; `between` runs after every page."""
    pages, cursor = [], None
    while True:
        found = await select_projects(connection, order, None, cursor, PAGE + 1)
        pages.append([project.id for project in found[:PAGE]])
        if len(found) <= PAGE:
            return pages
        text = encode_cursor(next_cursor(order, None, cursor, found[:PAGE]))
        cursor = decode_cursor(text, order)
        await between(connection)


@pytest.mark.parametrize("order", ORDERS)
async def test_pages_neither_repeat_nor_skip_projects_while_ranks_change(db, board, order):
    async with board_of(db, await board.user(), 2 * GROUP_SIZE) as (connection, made):
        pages = await walk(connection, order, shuffle)
    shown = [number for page in pages for number in page]
    assert len(shown) == len(set(shown))
    assert set(shown) == made


async def test_deep_pages_neither_repeat_nor_skip_projects_that_move_a_little(db, board):
    async with board_of(db, await board.user(), 5 * GROUP_SIZE) as (connection, made):
        pages = await walk(connection, "top", nudge)
    shown = [number for page in pages for number in page]
    assert len(shown) == len(set(shown))
    assert set(shown) == made


async def test_a_project_that_climbs_is_on_the_next_page(db, board):
    async with board_of(db, await board.user(), 100) as (connection, made):
        last = min(made)

        async def lift(connection):
            await connection.execute("UPDATE projects SET upvotes = 9999 WHERE id = $1", last)

        pages = await walk(connection, "top", lift)
    assert pages[1][0] == last
    assert sorted(number for page in pages for number in page) == sorted(made)


def test_a_cursor_stays_short():
    numbers = random.Random(1).sample(range(1_000_000), 3 * GROUP_SIZE + PAGE)
    groups = tuple(tuple(numbers[n : n + GROUP_SIZE]) for n in range(0, 3 * GROUP_SIZE, GROUP_SIZE))
    mark = Position(9_123.456789012345, 999_999)
    cursor = Cursor("hot", None, 10_000, mark, mark, groups)
    text = encode_cursor(cursor)
    assert len(text) < 2_500
    assert decode_cursor(text, "hot").groups == tuple(tuple(sorted(group)) for group in groups)


@pytest.mark.parametrize("rank", [1.5, -7, datetime(2026, 2, 3, 4, 5, 6, 789, UTC)])
def test_a_cursor_is_decoded_to_the_same_values(rank):
    order = {float: "hot", int: "top", datetime: "new"}[type(rank)]
    since = datetime(2026, 1, 1, tzinfo=UTC)
    cursor = Cursor(order, since, 75, Position(rank, 12), Position(rank, 34), ((1, 5), (3,), ()))
    assert decode_cursor(encode_cursor(cursor), order) == cursor


def packed(*fields):
    return base64.urlsafe_b64encode(zlib.compress(json.dumps(fields).encode())).decode().rstrip("=")


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "é",
        "MTIzfm5hbg",
        "A" * 5000,
        packed(),
        packed("top", None, 25, None, None, [1], [], []),  # of another list
        packed("hot", None, 25, ["nan", 1], None, [1], [], []),
        packed("hot", None, 25, ["1.5", 0], None, [1], [], []),
        packed("hot", None, 25, ["1.5", 2**63], None, [1], [], []),
        packed("hot", None, 25, None, None, [1, -1], [], []),
        packed("hot", None, 25, None, None, ["1"], [], []),
        packed("hot", None, 25, None, None, [1.5], [], []),
        packed("hot", None, 25, None, None, [1], []),
        packed("hot", None, 25, None, None, [1] * 7_900, [], []),
        packed("hot", None, 25, None, None, [], [], [1] * (GROUP_SIZE + PAGE + 1)),
        packed("hot", None, "many", None, None, [1], [], []),
        packed("hot", None, -1, None, None, [1], [], []),
        packed("hot", 1e300, 25, None, None, [1], [], []),
        packed("hot", "yesterday", 25, None, None, [1], [], []),
        base64.urlsafe_b64encode(zlib.compress(b"[" * 15_000)).decode(),
        base64.urlsafe_b64encode(zlib.compress(b" " * 10**7)).decode(),
    ],
)
async def test_a_broken_cursor_is_none(app, text):
    assert decode_cursor(text, "hot") is None
    assert (await client_of(app).get("/", query_string={"after": text})).status_code == 200


async def test_a_cursor_with_a_changed_letter_never_raises(app):
    text, dice = (
        encode_cursor(Cursor("hot", None, 25, None, None, ((), (), (5, 6, 9)))),
        random.Random(7),
    )
    for _ in range(500):
        at = dice.randrange(len(text))
        for broken in (text[:at] + dice.choice("Aa0_-") + text[at + 1 :], text[:at]):
            assert isinstance(decode_cursor(broken, "hot"), Cursor | None)


async def test_all_pages_of_a_time_range_use_the_same_range(app, board, db):
    """A reader who opened "day" two days ago still sees the projects of that day."""
    project_id = await board.project()
    now = datetime.now(UTC)
    await db.execute(
        "UPDATE projects SET created_at = $2, upvotes = 1000000 WHERE id = $1",
        project_id,
        now - timedelta(days=2, hours=5),
    )
    row = f'id="project-{project_id}"'
    today = await (await client_of(app).get("/?sort=top&t=day")).get_data(as_text=True)
    assert row not in today
    begun = encode_cursor(
        Cursor("top", now - timedelta(days=3), 25, None, None, ((), (), (project_id + 1,)))
    )
    later = await (await client_of(app).get(f"/?sort=top&t=day&after={begun}")).get_data(as_text=True)
    assert row in later
    # The tests of backup verify this board.
    await db.execute("UPDATE projects SET upvotes = 0 WHERE id = $1", project_id)
    following = re.search(r"/\?sort=top&amp;t=day&amp;after=([\w-]+)", later)
    if following:
        since = decode_cursor(following[1], "top").since
        assert abs(since - (now - timedelta(days=3))) < timedelta(minutes=1)
