"""The SQL of the demo content."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from asyncpg import Connection, Pool

from app.demo.plan import AGE_SPAN


async def is_empty(db: Pool) -> bool:
    """Return whether nobody has ever submitted a project."""
    return not await db.fetchval("SELECT EXISTS (SELECT 1 FROM projects)")


async def insert_users(db: Connection, names: Sequence[str]) -> list[int]:
    """Create accounts that nobody can sign in to, unless the names exist; return the ids in order."""
    await db.execute(
        """
        INSERT INTO users (username, password_hash, created_at)
        SELECT name, '!', now() - $2::interval
        FROM unnest($1::text[]) WITH ORDINALITY AS given (name, place)
        ORDER BY place
        ON CONFLICT (username) DO NOTHING
        """,
        names,
        AGE_SPAN + timedelta(days=1),  # before they submit and vote
    )
    rows = await db.fetch("SELECT username, id FROM users WHERE username = ANY ($1)", names)
    ids = {row["username"]: row["id"] for row in rows}
    return [ids[name] for name in names]


async def update_login(db: Connection | Pool, name: str, password_hash: str) -> None:
    """Set the password of a demo account; do not touch an account that somebody else created."""
    await db.execute(
        "UPDATE users SET password_hash = $2 WHERE username = $1 AND password_hash = '!'",
        name,
        password_hash,
    )


async def insert_projects(
    db: Connection, projects: Sequence[tuple[int, str, str | None, str, datetime]]
) -> list[int]:
    """Insert projects given as (author, title, url, description, created_at), oldest first.

    Return their ids in order.
    """
    rows = await db.fetch(
        """
        INSERT INTO projects (author_id, title, url, description, created_at)
        SELECT author_id, title, url, description, created_at
        FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::timestamptz[])
             WITH ORDINALITY AS given (author_id, title, url, description, created_at, place)
        ORDER BY place
        RETURNING id
        """,
        *[list(column) for column in zip(*projects, strict=True)],
    )
    return sorted(row["id"] for row in rows)


async def insert_stored_votes(
    db: Connection,
    ballots: Sequence[tuple[int, int, int, int]],
    user_ids: Sequence[int],
    step: int,
    shards: int,
) -> None:
    """Write the votes, events, heads and tallies of new projects.

    A ballot is (project, author, voters, approval): `author` is an index into `user_ids`, `approval` is
    the number of upvotes in 1,000 votes. The voters are every `step`-th of the other users. The step
    has no common divisor with their number, so no user comes twice. Most votes come early in a
    project's life.
    """
    await db.execute(
        """
        WITH event AS (
            INSERT INTO vote_events (project_id, user_id, old_value, new_value, version, created_at)
            SELECT id, ($5::bigint[])[1 + (author + 1 + (id + n) * $6 % (users - 1)) % users], 0,
                   CASE WHEN n * 7919 % 1000 < approval THEN 1 ELSE -1 END, n,
                   date_trunc('milliseconds', created_at
                       + (now() - created_at) * power(n::double precision / voters, 2))
            FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::integer[])
                 AS ballot (id, author, voters, approval)
            JOIN projects USING (id)
            CROSS JOIN cardinality($5::bigint[]) AS users
            CROSS JOIN generate_series(1, voters) AS n
            RETURNING project_id, user_id, new_value, version, created_at
        ), vote AS (
            INSERT INTO votes (project_id, user_id, value, version, voted_at)
            SELECT project_id, user_id, new_value, version, created_at FROM event
        ), head AS (
            INSERT INTO vote_heads (project_id, version, epoch)
            SELECT project_id, max(version),
                   (SELECT epoch FROM stream_checkpoints WHERE shard = project_id % $7)
            FROM event GROUP BY project_id
        ), tally AS (
            SELECT project_id, max(version) AS version,
                   count(*) FILTER (WHERE new_value = 1) AS up,
                   count(*) FILTER (WHERE new_value = -1) AS down,
                   sum(new_value * momentum_weight(event.created_at - projects.created_at)) AS momentum
            FROM event JOIN projects ON projects.id = project_id GROUP BY project_id
        )
        UPDATE projects
        SET upvotes = up, downvotes = down, vote_version = version, momentum = tally.momentum
        FROM tally WHERE projects.id = tally.project_id
        """,
        *[list(column) for column in zip(*ballots, strict=True)],
        user_ids,
        step,
        shards,
    )


async def update_times(db: Connection, project_ids: Sequence[int]) -> None:
    """Spread the times of votes between each project's submission and now, in the order of versions.

    Most votes come early in a project's life, on some projects more than on others.
    """
    await db.execute(
        """
        WITH moved AS (
            UPDATE vote_events AS event SET created_at = planned.at
            FROM (
                SELECT project_id, version, date_trunc('milliseconds', projects.created_at
                       + (now() - projects.created_at) * power(
                           row_number() OVER life / (count(*) OVER (PARTITION BY project_id) + 1.0),
                           1.2 + projects.id % 5 * 0.6)) AS at
                FROM vote_events JOIN projects ON projects.id = project_id
                WHERE project_id = ANY ($1)
                WINDOW life AS (PARTITION BY project_id ORDER BY version)
            ) AS planned
            WHERE event.project_id = planned.project_id AND event.version = planned.version
            RETURNING event.project_id, event.version, event.created_at
        )
        UPDATE votes SET voted_at = moved.created_at
        FROM moved WHERE votes.project_id = moved.project_id AND votes.version = moved.version
        """,
        project_ids,
    )


async def analyze(db: Pool) -> None:
    """Update the planner's statistics after many rows were written at once."""
    await db.execute("ANALYZE users, projects, votes, vote_heads, vote_events")


async def is_demo(db: Pool) -> bool:
    """Return whether all projects are those of demo accounts, who cannot sign in, or of `demo`."""
    return not await db.fetchval(
        """
        SELECT EXISTS (SELECT FROM projects JOIN users ON users.id = author_id
                       WHERE password_hash IS DISTINCT FROM '!' AND username <> 'demo')
        """
    )


async def has_people(db: Pool, demo_names: Sequence[str]) -> bool:
    """Return whether anybody has registered beside the admins; demo accounts have these names, or
    cannot sign in.
    """
    return await db.fetchval(  # type: ignore[no-any-return]
        """
        SELECT EXISTS (SELECT FROM users WHERE password_hash IS DISTINCT FROM '!'
                       AND username <> ALL ($1) AND NOT is_admin AND deleted_at IS NULL)
        """,
        demo_names,
    )


async def update_admin(db: Connection, name: str) -> None:
    """Make a demo account an admin; do not touch an account that somebody else created."""
    await db.execute(
        "UPDATE users SET is_admin = true WHERE username = $1 AND password_hash = '!'", name
    )


async def update_submitted(db: Connection, project_ids: Sequence[int], span: timedelta) -> None:
    """Let the projects, in this order, have been submitted over the time `span` until an hour ago."""
    await db.execute(
        """
        UPDATE projects SET created_at = now() - interval '1 hour'
            - $2::interval * (cardinality($1::bigint[]) - place) / cardinality($1::bigint[])
        FROM unnest($1::bigint[]) WITH ORDINALITY AS given (project_id, place)
        WHERE projects.id = project_id
        """,
        project_ids,
        span,
    )
