"""Lists on which nothing is listed but what a test makes, and that grow no older."""

from contextlib import asynccontextmanager
from datetime import UTC, datetime

from tests.waiting import CEILING


@asynccontextmanager
async def board_of(db, author, count):
    """A connection on which nothing is listed but `count` new projects, with scores 1 to `count`."""
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
    """Two pages that are drawn one after the other tell the same ages and begin at the same minute."""
    moment = datetime.now(UTC)

    class Stopped(datetime):
        @classmethod
        def now(cls, tz=None):
            return moment

    for place in ("app.web.formatting", "app.projects.lists"):
        monkeypatch.setattr(f"{place}.datetime", Stopped)
