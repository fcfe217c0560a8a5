"""The SQL of the repair, one project at a time."""

from dataclasses import dataclass

from asyncpg import Connection, Pool


@dataclass(frozen=True)
class RepairedVote:
    """A row of `votes` before and after the repair; 0 means no row."""

    user_id: int
    old: int
    new: int


@dataclass(frozen=True)
class RepairedHead:
    """A version in vote_heads before and after the repair; 0 means no row."""

    old: int
    new: int


@dataclass(frozen=True)
class RepairedTally:
    """Upvotes, downvotes and version in `projects`, before and after the repair."""

    old: tuple[int, int, int]
    new: tuple[int, int, int]


async def update_votes_from_events(db: Connection, project_id: int) -> list[RepairedVote]:
    """Write the votes that a project's events lead to; return the changed rows.

    Votes from before the project's event log begins stay unchanged.
    """
    rows = await db.fetch(
        """
        WITH replay AS (
            SELECT DISTINCT ON (user_id) user_id, new_value, version, created_at
            FROM vote_events WHERE project_id = $1
            ORDER BY user_id, version DESC, created_at DESC
        ), wrong AS (
            SELECT user_id, coalesce(value, 0) AS old, coalesce(new_value, 0) AS new,
                   replay.version, created_at
            FROM (SELECT user_id, value, version FROM votes WHERE project_id = $1) AS votes
            FULL JOIN replay USING (user_id)
            WHERE coalesce(value, 0) <> coalesce(new_value, 0)
              AND NOT (new_value IS NULL AND votes.version <= coalesce(
                  (SELECT version FROM vote_bases WHERE project_id = $1), 0))
        ), gone AS (
            DELETE FROM votes USING wrong
            WHERE votes.project_id = $1 AND votes.user_id = wrong.user_id AND new = 0
        ), put AS (
            INSERT INTO votes (project_id, user_id, value, version, voted_at)
            SELECT $1, user_id, new, version, created_at FROM wrong WHERE new <> 0
            ON CONFLICT (project_id, user_id) DO UPDATE
            SET value = excluded.value, version = excluded.version, voted_at = excluded.voted_at
        )
        SELECT user_id, old, new FROM wrong ORDER BY user_id
        """,
        project_id,
    )
    return [RepairedVote(**row) for row in rows]


async def update_head_from_events(db: Connection, project_id: int) -> RepairedHead:
    """Write the version of the project's last event to vote_heads; without events, delete the row."""
    row = await db.fetchrow(
        """
        WITH log AS (
            SELECT coalesce(max(version), 0) AS version FROM (
                SELECT version FROM vote_events WHERE project_id = $1
                UNION ALL SELECT version FROM vote_bases WHERE project_id = $1
            ) AS known
        ), gone AS (
            DELETE FROM vote_heads USING log WHERE project_id = $1 AND log.version = 0
        ), put AS (
            INSERT INTO vote_heads (project_id, version) SELECT $1, version FROM log WHERE version > 0
            ON CONFLICT (project_id) DO UPDATE SET version = excluded.version
        )
        SELECT coalesce((SELECT version FROM vote_heads WHERE project_id = $1), 0) AS old,
               version AS new
        FROM log
        """,
        project_id,
    )
    return RepairedHead(**row)


async def select_synced_version(db: Pool, project_id: int) -> int:
    """Return the version of the last synced tally."""
    return await db.fetchval("SELECT vote_version FROM projects WHERE id = $1", project_id)


async def update_tally_from_votes(db: Pool, project_id: int, seen: int) -> RepairedTally | None:
    """Count a project's votes and write its tally.

    Returns None and changes nothing if a sync has meanwhile written a version that is neither persisted
    nor `seen`, because `votes` then lacks some of its votes. The version never falls, since lost events
    may have used versions above the last persisted one. Only votes that no sync has counted add to the
    momentum; a correction of a wrong count does not.
    """
    row = await db.fetchrow(
        """
        WITH before AS (
            SELECT id, upvotes, downvotes, vote_version FROM projects WHERE id = $1
        ), counted AS (
            SELECT count(*) FILTER (WHERE value = 1) AS up,
                   count(*) FILTER (WHERE value = -1) AS down,
                   coalesce((SELECT version FROM vote_heads WHERE project_id = $1), 0) AS head
            FROM votes WHERE project_id = $1
        )
        UPDATE projects
        SET upvotes = up, downvotes = down, vote_version = greatest(projects.vote_version, head),
            momentum = momentum + CASE
                WHEN projects.vote_version < head
                THEN (up - down - score) * momentum_weight(now() - created_at) ELSE 0 END
        FROM before, counted
        WHERE projects.id = before.id AND projects.vote_version <= greatest(head, $2)
        RETURNING before.upvotes, before.downvotes, before.vote_version,
                  projects.upvotes, projects.downvotes, projects.vote_version
        """,
        project_id,
        seen,
    )
    return row and RepairedTally(tuple(row)[:3], tuple(row)[3:])
