"""Lists that contain only the projects of a test, and that do not age."""

from contextlib import asynccontextmanager
from datetime import UTC, datetime

from tests.waiting import CEILING


@asynccontextmanager
async def board_of(db, author, count):
    """Yield a connection that sees only `count` new projects, scored 1 to `count`, and their IDs."""
    async with db.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(
            "UPDATE projects SET hidden_at = now() WHERE hidden_at IS NULL", timeout=CEILING
        )
        rows = await connection.fetch(
            """
            INSERT INTO projects (author_id, title, upvotes, downvotes, momentum)
            SELECT $1, 'P', 2 * n, n, n FROM generate_series(1, $2::int) AS n RETURNING id
            """,
            author.id,
            count,
        )
        yield connection, {row["id"] for row in rows}
        await transaction.rollback()


def stop_the_clock(monkeypatch):
    """Stop the clock of pages, so that two pages show the same ages and time ranges."""
    moment = datetime.now(UTC)

    class Stopped(datetime):
        @classmethod
        def now(cls, tz=None):
            return moment

    for place in ("app.web.formatting", "app.projects.lists"):
        monkeypatch.setattr(f"{place}.datetime", Stopped)
