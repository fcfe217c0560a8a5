"""The SQL of the repair, one project at a time."""

from dataclasses import dataclass

from asyncpg import Connection, Pool


@dataclass(frozen=True)
class RepairedVote:
    """A row of `votes` before and after; 0 is no row."""

    user_id: int
    old: int
    new: int


@dataclass(frozen=True)
class RepairedHead:
    """A version of vote_heads before and after; 0 is no row."""

    old: int
    new: int


@dataclass(frozen=True)
class RepairedTally:
    """Upvotes, downvotes and version in `projects`, before and after."""

    old: tuple[int, int, int]
    new: tuple[int, int, int]


async def update_votes_from_events(db: Connection, project_id: int) -> list[RepairedVote]:
    """Bring a project's rows of `votes` to what its events lead to. Those from before its log begins
    stay as they are.
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
    """Let vote_heads say what the project's events say; without events the row goes."""
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
    """The version of the last synced tally."""
    return await db.fetchval("SELECT vote_version FROM projects WHERE id = $1", project_id)


async def update_tally_from_votes(db: Pool, project_id: int, seen: int) -> RepairedTally | None:
    """Count a project's votes anew. None when a sync wrote a version meanwhile that is neither
    persisted nor `seen`, whose votes are therefore not all in `votes`.

    A version never falls: events that were lost may have used those above the last persisted one.
    Only votes that no sync has seen add to the momentum; a count that was wrong never did.
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
