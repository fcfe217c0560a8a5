"""The SQL of the results and of the screen."""

from dataclasses import dataclass
from datetime import datetime

from asyncpg import Connection, Pool

from app.accounts.withdrawals.queries import LEAVES_AFTER_END
from app.board.tracks import Track
from app.event.standings import Standing
from app.projects.queries import LISTED
from app.web.turns import in_turns

CHUNK = 200  # rows read at a time
COUNT_SECONDS = 30.0  # for counting all votes

# The author first, then the members of the team in the order in which they accepted.
_AUTHORS = """
    ARRAY (
        SELECT CASE WHEN users.deleted_at IS NULL THEN {name} ELSE 'deleted user' END FROM (
            SELECT author_id AS user_id, '-infinity'::timestamptz AS since
            UNION ALL
            SELECT user_id, accepted_at FROM project_members
            WHERE project_id = projects.id AND accepted_at IS NOT NULL AND user_id <> author_id
        ) AS team JOIN users ON users.id = user_id
        ORDER BY since, user_id
    )
"""
AUTHORS = _AUTHORS.format(name="username")
NAMES = _AUTHORS.format(name="coalesce(display_name, username)")
IN_TRACK = "($1::text IS NULL OR tracks.slug = $1)"
# A withdrawal of votes that the worker carries out, though voting has ended.
OPEN_WITHDRAWALS = f"""
    SELECT FROM withdrawals JOIN users ON users.id = user_id
    WHERE finished_at IS NULL AND {LEAVES_AFTER_END}
    AND EXISTS (SELECT FROM votes WHERE votes.user_id = withdrawals.user_id)
"""  # noqa: S608
HEADS = "SELECT coalesce(sum(version), 0) FROM vote_heads"


@dataclass(frozen=True)
class Totals:
    """How many votes are in force, and how many people they are from."""

    votes: int
    voters: int


@dataclass(frozen=True)
class Final:
    """That the votes until an end of voting are complete and verified."""

    vote_until: datetime
    verified_at: datetime


async def select_tracks_with_projects(db: Pool | Connection) -> list[Track]:
    """Return the tracks that have a project in a list, by name."""
    rows = await db.fetch(
        f"""
        SELECT id, slug, name FROM tracks
        WHERE EXISTS (SELECT FROM projects WHERE track_id = tracks.id AND {LISTED})
        ORDER BY lower(name), id
        """  # noqa: S608
    )
    return [Track(**row) for row in rows]


async def select_counted(db: Connection, track: str | None) -> list[Standing]:
    """Return the projects with their votes as persisted, of one track or of all; the best first.

    They are read piece by piece in the caller's transaction, as 10,000 at once would take the process
    tens of milliseconds.
    """
    rows = db.cursor(
        f"""
        SELECT projects.id AS project_id, title, url, {AUTHORS} AS authors, {NAMES} AS names,
               tracks.slug AS track,
               coalesce(counted.upvotes, 0) AS upvotes, coalesce(counted.downvotes, 0) AS downvotes
        FROM projects LEFT JOIN tracks ON tracks.id = track_id
        LEFT JOIN (
            SELECT project_id, count(*) FILTER (WHERE value = 1) AS upvotes,
                   count(*) FILTER (WHERE value = -1) AS downvotes
            FROM votes GROUP BY project_id
        ) AS counted ON counted.project_id = projects.id
        WHERE {LISTED} AND {IN_TRACK}
        ORDER BY coalesce(counted.upvotes, 0) - coalesce(counted.downvotes, 0) DESC, projects.id
        """,  # noqa: S608
        track,
        prefetch=CHUNK,
    )
    return [Standing(**row) async for row in rows]


async def select_listed(db: Pool, track: Track | None) -> tuple[int, int]:
    """Return how many projects select_counted returns, and the sum of their ids."""
    row = await db.fetchrow(
        f"""
        SELECT count(*), coalesce(sum(projects.id), 0)::bigint
        FROM projects LEFT JOIN tracks ON tracks.id = track_id
        WHERE {LISTED} AND {IN_TRACK}
        """,  # noqa: S608
        track.slug if track else None,
    )
    return row[0], row[1]


async def select_totals(db: Connection, track: str | None) -> Totals:
    """Return the totals of the projects that select_counted returns."""
    row = await db.fetchrow(
        f"""
        SELECT count(*) AS votes, count(DISTINCT user_id) AS voters
        FROM votes JOIN projects ON projects.id = votes.project_id
        LEFT JOIN tracks ON tracks.id = track_id
        WHERE {LISTED} AND {IN_TRACK}
        """,  # noqa: S608
        track,
        timeout=COUNT_SECONDS,
    )
    return Totals(**row)


async def select_final(db: Connection | Pool) -> Final | None:
    """Return when the results of the present end of voting were verified, if they are final.

    They are not, once the event log has more events or a withdrawal of votes is on its way.
    """
    row = await db.fetchrow(
        f"""
        SELECT vote_until, verified_at FROM final_results JOIN board_settings USING (vote_until)
        WHERE heads = ({HEADS}) AND NOT EXISTS ({OPEN_WITHDRAWALS})
        """  # noqa: S608
    )
    return row and Final(**row)


async def select_heads(db: Connection | Pool) -> int:
    """Return a number that grows with every persisted event, read from one row a project."""
    return int(await db.fetchval(HEADS))


async def select_has_open_withdrawals(db: Connection | Pool) -> bool:
    return await db.fetchval(f"SELECT EXISTS ({OPEN_WITHDRAWALS})")


async def upsert_final(db: Connection, vote_until: datetime, heads: int) -> datetime | None:
    """Note that the results are final, and return since when.

    Returns None if there are other events or another end by now.
    """
    return await db.fetchval(
        f"""
        INSERT INTO final_results (vote_until, heads)
        SELECT vote_until, $2::numeric FROM board_settings WHERE vote_until = $1 AND ({HEADS}) = $2
        ON CONFLICT (vote_until) DO UPDATE SET heads = excluded.heads, verified_at = now()
        RETURNING verified_at
        """,  # noqa: S608
        vote_until,
        heads,
    )


async def select_candidates(db: Pool, track: str | None, limit: int) -> list[Standing]:
    """Return the projects with the tallies of the last sync, the best first; without authors."""
    rows = await db.fetch(
        f"""
        SELECT projects.id AS project_id, title, url, ARRAY[]::text[] AS authors, tracks.slug AS track,
               upvotes, downvotes
        FROM projects LEFT JOIN tracks ON tracks.id = track_id
        WHERE {LISTED} AND {IN_TRACK}
        ORDER BY score DESC, projects.id LIMIT $2
        """,  # noqa: S608
        track,
        limit,
    )
    return await in_turns(Standing(**row) for row in rows)


async def select_shuffled(db: Pool, track: str | None, count: int, turn: int) -> list[Standing]:
    """Return projects without tallies and authors, in an order that has nothing to do with votes.

    They are `count` at most; each turn has the next ones, and after the last ones the first again.
    """
    rows = await db.fetch(
        f"""
        SELECT project_id, title, url, ARRAY[]::text[] AS authors, track, 0 AS upvotes, 0 AS downvotes
        FROM (
            SELECT projects.id AS project_id, title, url, tracks.slug AS track,
                   row_number() OVER shuffled - 1 AS place, count(*) OVER () AS total
            FROM projects LEFT JOIN tracks ON tracks.id = track_id
            WHERE {LISTED} AND {IN_TRACK}
            WINDOW shuffled AS (ORDER BY md5(projects.id::text), projects.id)
        ) AS all_projects
        WHERE place / $2 = $3 % ((total + $2 - 1) / $2)
        ORDER BY place
        """,  # noqa: S608
        track,
        count,
        turn,
    )
    return [Standing(**row) for row in rows]
