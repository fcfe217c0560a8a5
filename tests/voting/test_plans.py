"""The statements for votes, pages and verify read large tables only by their indexes."""

import contextlib
import json
from datetime import UTC, datetime, timedelta

import pytest

from app.accounts.queries import select_user
from app.accounts.withdrawals import queries as withdrawals
from app.demo.queries import insert_stored_votes
from app.demo.stored import stride
from app.operations.verify import queries as audit
from app.operations.verify.rows import SyncedTally
from app.projects import queries as pages
from app.projects.history.queries import select_changes
from app.projects.team import queries as teams
from app.voting import queries as voting
from app.voting.persist import queries as persist
from tests.waiting import CEILING

# The other partitions of the events are empty.
LARGE = ("votes", f"vote_events_{datetime.now(UTC):%Y_%m}", "vote_heads", "projects", "users")
TABLES = "votes, vote_events, vote_heads, projects, users"
PROJECTS, VOTERS, USERS = 2_000, 10, 2_000
NOW = datetime.now(UTC)


class Planner:
    """A replacement for a connection that plans each statement and returns no rows."""

    def __init__(self, connection):
        self.connection = connection
        self.scans = []  # (node type, relation) of everything that reads a table
        self.statements = 0
        self.query_seconds = CEILING

    async def fetch(self, statement, *arguments, **_):
        plan = await self.connection.fetchval(f"EXPLAIN (FORMAT JSON) {statement}", *arguments)
        self.scans += _scans(json.loads(plan)[0]["Plan"])
        self.statements += 1
        return []

    async def fetchval(self, statement, *arguments, **_):
        await self.fetch(statement, *arguments)

    fetchrow = fetchval

    async def execute(self, statement, *arguments, **_):
        await self.fetch(statement, *arguments)
        return "EXPLAIN"

    async def cursor(self, statement, *arguments):
        await self.fetch(statement, *arguments)
        return NoRows()


class NoRows:
    async def fetch(self, _):
        return []


def _scans(node):
    if "Relation Name" in node and "Scan" in node["Node Type"]:
        yield node["Node Type"], node["Relation Name"]
    for child in node.get("Plans", ()):
        yield from _scans(child)


@pytest.fixture(scope="module")
async def large(db, board):
    """Return a connection that sees 20,000 votes, and the IDs of an author and a project."""
    author = await board.user()
    async with db.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        users = await connection.fetch(
            "INSERT INTO users (username, password_hash)"
            " SELECT 'planned-' || n, '!' FROM generate_series(1, $1) AS n RETURNING id",
            USERS,
        )
        projects = await connection.fetch(
            "INSERT INTO projects (author_id, title, created_at)"
            " SELECT $1 + n % 2, 'Project ' || n, now() FROM generate_series(1, $2::int) AS n"
            " RETURNING id",
            users[0]["id"],
            PROJECTS,
        )
        ballots = [(row["id"], 0, VOTERS, 900) for row in projects]
        ids = [row["id"] for row in users]
        await insert_stored_votes(connection, ballots, ids, stride(USERS - 1), 1)
        await connection.execute(f"ANALYZE {TABLES}", timeout=CEILING)
        yield connection, author.id, projects[PROJECTS // 2]["id"]
        await transaction.rollback()
        await connection.execute(f"VACUUM (ANALYZE) {TABLES}", timeout=CEILING)


async def persist_step(planner: Planner, step, project_id: int, *arguments) -> None:
    """Run one statement of persist with new events."""
    entries = [(b"1-%d" % n, b"%d %d 0 %d 99" % (project_id + n, n, bool(n % 3))) for n in range(1, 6)]
    await persist.copy_incoming(planner.connection, entries)
    await step(planner, *arguments)


def synced(project_id: int) -> list[SyncedTally]:
    return [SyncedTally(project_id + n, 1, 1, 2, 0, 0) for n in range(5)]


async def drain(chunks):
    async for _ in chunks:
        pass


STEPS = {
    "persist, the log": lambda db, _, p: persist_step(db, persist.insert_events, p),
    "persist, the votes": lambda db, _, p: persist_step(db, persist.upsert_votes, p),
    "persist, the heads": lambda db, _, p: persist_step(db, persist.upsert_heads, p, "epoch"),
    "persist, strangers": lambda db, _, p: persist_step(db, persist.insert_rejected_events, p, 0),
    "sync": lambda db, _, p: voting.update_tallies(db, [(p + n, 1, 1, 9) for n in range(5)]),
    "hydration, the version": lambda db, _, p: voting.select_start(db, p, 0),
    "hydration, the votes": lambda db, _, p: drain(voting.select_votes(db, p, 100)),
    "hydration, what is closed": lambda db, _, p: voting.select_closed_for_update(db, p),
    "closing": lambda db, _, p: voting.select_closed(db, p),
    "closing, what Redis missed": lambda db, *_: voting.select_unpublished(db),
    "cooling": lambda db, _, p: voting.select_heads(db, list(range(p, p + 50))),
    "a project": lambda db, u, p: pages.select_project(db, p, u),
    "a list": lambda db, u, _: pages.select_projects(db, "hot", u, None, 26),
    "a list, many readers' votes": lambda db, u, p: pages.select_votes_of(
        db, range(p, p + 25), range(u, u + 9)
    ),
    "my votes": lambda db, u, _: pages.select_voted_projects(db, u, (1, -1), None, 26),
    "my votes, further": lambda db, u, p: pages.select_voted_projects(
        db, u, (1,), pages.Position(NOW, p), 26
    ),
    "an author's projects": lambda db, u, _: teams.select_projects_of(db, u, u, None, 26),
    "an author's score": lambda db, u, _: teams.select_totals_of(db, u, 10),
    "votes over time": lambda db, _, p: select_changes(db, p, NOW - timedelta(days=1), NOW, 24, 50_000),
    "signing in": lambda db, *_: select_user(db, "planned-7"),
    "withdrawing": lambda db, u, _: withdrawals.select_voted_ids(db, u, 0, 256),
    "withdrawing, how many": lambda db, u, _: withdrawals.insert_withdrawal(db, u),
    "withdrawing, late votes": lambda db, _, p: withdrawals.select_late_voters(db, p),
    "withdrawing, once more": lambda db, *_: withdrawals.update_reopened(db, 60),
    "audit, late votes": lambda db, _, p: audit.select_late_votes(db, [p, p + 1]),
    "audit, what is synced": lambda db, _, p: audit.select_synced_tallies(db, [p, p + 1]),
    "audit, the counts": lambda db, _, p: audit.select_stored_projects(db, synced(p), 1),
    "audit, the log": lambda db, _, p: audit.select_broken_logs(db, [p, p + 1]),
    "audit, the votes": lambda db, _, p: audit.select_wrong_votes(db, [p, p + 1]),
    "audit, what came since": lambda db, _, p: audit.select_old_values_since(db, {p: 1, p + 1: 1}),
}


@pytest.mark.parametrize("step", STEPS)
async def test_no_large_table_is_read_as_a_whole(large, step):
    connection, user_id, project_id = large
    planner = Planner(connection)
    with contextlib.suppress(TypeError, ValueError):  # no row came back where the code expects one
        await STEPS[step](planner, user_id, project_id)
    assert planner.statements
    whole = [relation for kind, relation in planner.scans if kind == "Seq Scan"]
    assert [relation for relation in whole if relation in LARGE] == []


@pytest.mark.parametrize(
    "step", [voting.update_unsynced_tallies, lambda db: voting.update_lost_tallies(db, 0, 1)]
)
async def test_a_new_epoch_does_not_read_all_votes(large, step):
    planner = Planner(large[0])
    await step(planner)
    assert ("Seq Scan", "votes") not in planner.scans
    assert "votes" in {relation for _, relation in planner.scans}
