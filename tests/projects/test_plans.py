"""Every list uses an index, on a board that is too large to read as a whole."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest

from app.projects.by_key.queries import ID_OF_KEY, KEYED_TALLIES
from app.projects.orders import ORDERS, WINDOWS, submitted_since
from app.projects.places import LISTS
from app.projects.places.queries import places_statement
from app.projects.queries import Cursor, Position, ranked_statement
from app.projects.same_link.queries import SAME_LINK, WITHOUT_KEY
from app.projects.search.queries import NEWEST_OUTDATED, matches_statement
from app.projects.search.search_query import parse_query
from app.webhooks.queries import EVENT_PROJECTS
from tests.waiting import CEILING

PROJECTS = 20_000
LARGE, SMALL = "plans-large", "plans-small"  # tracks, with a third of the projects and with seven
NOW = datetime.now(UTC)
# Positions in the middle of each list.
AGE = (NOW - datetime(2020, 1, 1, tzinfo=UTC)).total_seconds()
MARKS = {
    "hot": AGE / 45_000 - 100,
    "top": 40,
    "new": NOW - timedelta(days=30),
    "rising": AGE / 10_800,
    "best": 0.9,
    "controversial": 3.5,
}
# More people, and a team of two for every tenth project.
PEOPLE = """
    INSERT INTO users (username, password_hash)
    SELECT 'plans-' || n, '' FROM generate_series(1, 10000) AS n ON CONFLICT DO NOTHING;
    INSERT INTO project_members (project_id, user_id, accepted_at)
    SELECT id, author_id % 5 + users.first, now() FROM projects,
           (SELECT min(id) AS first FROM users WHERE username LIKE 'plans-%') AS users
    WHERE id % 10 = 0 ON CONFLICT DO NOTHING;
    ANALYZE users, project_members
"""
SEEN = ((), tuple(range(1, 200)), tuple(range(300, 320)))


@pytest.fixture(scope="module")
async def large(db, board):
    """Yield a connection that sees a large board: a project per hour with some votes, some hidden."""
    authors = [account.id for account in await board.users(300)]
    async with db.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(
            "INSERT INTO tracks (slug, name) SELECT t, t FROM unnest($1::text[]) AS t", [LARGE, SMALL]
        )
        await connection.execute(
            """
            INSERT INTO projects (author_id, title, url, description, created_at, upvotes, downvotes,
                                  momentum, hidden_at, track_id, key, link_key, link_key_of,
                                  search_digest, search_again)
            SELECT ($1::bigint[])[1 + n % 300], 'Project ' || md5(n::text), 'https://p.example/' || n,
                   md5((n + 1)::text), now() - make_interval(hours => n), n * 7919 % 997, n * 31 % 89,
                   n % 50, CASE WHEN n % 20 = 0 THEN now() END,
                   CASE WHEN n % 3 = 1 THEN (SELECT id FROM tracks WHERE slug = $3)
                        WHEN n % 3000 = 2 THEN (SELECT id FROM tracks WHERE slug = $4) END,
                   'plan-' || n,
                   CASE WHEN n % 100 > 0 THEN md5('https://p.example/' || n)::bytea END,
                   CASE WHEN n % 100 > 0 THEN md5('https://p.example/' || n) END,
                   md5('Project ' || md5(n::text) || E'\\nhttps://p.example/' || n || E'\\n'
                       || md5((n + 1)::text)), false
            FROM generate_series(1, $2::int) AS n
            """,
            authors,
            PROJECTS,
            LARGE,
            SMALL,
            timeout=CEILING,
        )
        await connection.execute(
            """
            INSERT INTO project_search
            SELECT id, array_to_tsvector(ARRAY['^project', '^' || md5(id::text), description])
            FROM projects WHERE author_id = ANY ($1::bigint[])
            """,
            authors,
            timeout=CEILING,
        )
        # Vacuum like autovacuum, since an index of words is slow while it has many pending entries.
        for index in ("projects_words", "project_search_terms"):
            await connection.execute(f"SELECT gin_clean_pending_list('{index}')", timeout=CEILING)
        await connection.execute("ANALYZE projects, project_search, users", timeout=CEILING)
        yield connection
        await transaction.rollback()
        await connection.execute("ANALYZE projects, project_search, users", timeout=CEILING)


async def plan_of(connection, statement, arguments):
    """Return the nodes of the plan that read projects, and the sorts."""
    [row] = await connection.fetchrow(f"EXPLAIN (FORMAT JSON) {statement}", *arguments)
    nodes = list(_nodes(json.loads(row)[0]["Plan"]))
    reads = {node["Node Type"] for node in nodes if node.get("Relation Name") == "projects"}
    indexes = {
        node["Index Name"] for node in nodes if node.get("Index Name", "").startswith("projects")
    }
    return reads, indexes, any("Sort" in node["Node Type"] for node in nodes)


def _nodes(node):
    yield node
    for child in node.get("Plans", ()):
        yield from _nodes(child)


def cursors(order):
    mark = Position(MARKS[order], 100)
    return [None, Cursor(order, None, 400, mark, None, SEEN), Cursor(order, None, 25, None, None, SEEN)]


@pytest.mark.parametrize("order", [name for name in MARKS if not ORDERS[name].max_age])
async def test_a_list_is_read_from_its_index_in_order(large, order):
    for after in cursors(order):
        statement, arguments = ranked_statement(order, 1, after, 26, None)
        reads, indexes, sorts = await plan_of(large, statement, arguments)
        assert reads == {"Index Scan"}
        assert indexes == {f"projects_{order}"}
        assert not sorts


@pytest.mark.parametrize("slug", [LARGE, SMALL])
@pytest.mark.parametrize("order", MARKS)
async def test_a_list_of_a_track_reads_no_projects_of_others(large, order, slug):
    track_id = await large.fetchval("SELECT id FROM tracks WHERE slug = $1", slug)
    since = submitted_since(order, "all", NOW)
    for after in cursors(order):
        statement, arguments = ranked_statement(order, 1, after, 26, since, track_id)
        reads, indexes, _ = await plan_of(large, statement, arguments)
        assert reads <= {"Index Scan", "Bitmap Heap Scan"}
        assert any(index.startswith("projects_track") for index in indexes), indexes


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("order", [name for name, order in ORDERS.items() if order.windowed])
async def test_a_range_of_time_is_read_from_an_index(large, order, window):
    for after in cursors(order):
        statement, arguments = ranked_statement(
            order, 1, after, 26, submitted_since(order, window, NOW)
        )
        reads, indexes, _ = await plan_of(large, statement, arguments)
        assert reads <= {"Index Scan", "Bitmap Heap Scan"}
        assert indexes  # on the rank, on the time, or on author and time


async def test_rising_reads_only_new_projects(large):
    for after in cursors("rising"):
        statement, arguments = ranked_statement(
            "rising", 1, after, 26, submitted_since("rising", "all", NOW)
        )
        reads, indexes, _ = await plan_of(large, statement, arguments)
        assert reads <= {"Index Scan", "Bitmap Heap Scan"}
        assert indexes


async def test_places_are_counted_along_the_indexes(large):
    statement = places_statement(LISTS)
    plan = await large.fetch(f"EXPLAIN {statement}", 1, 1000)
    text = "\n".join(row[0] for row in plan)
    for key in LISTS:
        assert f"projects_{key}" in text
    assert "Seq Scan on projects" not in text


@pytest.mark.parametrize("words", ["f7", "f7 or e2 -a1", '"kite map"', "地図", "https://p.example/7"])
@pytest.mark.parametrize("after", [None, Cursor("search", None, 25, Position(1, 900), None, SEEN)])
async def test_search_reads_the_index_of_terms(large, words, after):
    statement, arguments = matches_statement(words, parse_query(words), 1, after, 26)
    plan = await large.fetch(f"EXPLAIN {statement}", *arguments)
    text = "\n".join(row[0] for row in plan)
    assert "Bitmap Index Scan on project_search_terms" in text
    assert "projects_outdated" in text or "projects_words" in text
    assert "Seq Scan on project" not in text


async def test_the_worker_reads_only_the_projects_that_it_indexes(large):
    plan = "\n".join(row[0] for row in await large.fetch(f"EXPLAIN {NEWEST_OUTDATED}", 50))
    assert {"projects_outdated", "projects_search_again"} <= set(re.findall(r"\w+", plan)), plan
    assert "Seq Scan on projects" not in plan


@pytest.mark.parametrize("count", [1, 500])
async def test_events_of_webhooks_read_only_the_people_of_their_projects(large, count):
    await large.execute(PEOPLE, timeout=CEILING)
    ids = await large.fetchval("SELECT array_agg(id) FROM (SELECT id FROM projects LIMIT $1)", count)
    plan = "\n".join(row[0] for row in await large.fetch(f"EXPLAIN {EVENT_PROJECTS}", ids))
    assert "on users" in plan
    assert "Seq Scan on users" not in plan
    assert "Seq Scan on project" not in plan


async def test_the_same_link_and_missing_keys_are_read_from_indexes(large):
    _, indexes, _ = await plan_of(large, SAME_LINK, [1, b"key", 5])
    assert indexes == {"projects_link_key"}
    _, indexes, _ = await plan_of(large, WITHOUT_KEY, [0, 1000])
    assert indexes == {"projects_without_link_key"}


@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
async def test_projects_are_found_by_key_in_the_index(large, mode):
    await large.execute(f"SET LOCAL plan_cache_mode = {mode}")
    hundred = [f"plan-{number}" for number in range(100)]
    for statement, arguments in ((KEYED_TALLIES, [hundred, 1]), (ID_OF_KEY, ["plan-7"])):
        reads, indexes, _ = await plan_of(large, statement, arguments)
        assert reads <= {"Index Scan", "Bitmap Heap Scan"}
        assert indexes == {"projects_key"}
    await large.execute("SET LOCAL plan_cache_mode = auto")
