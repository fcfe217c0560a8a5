"""The SQL of live streams."""

from collections.abc import Iterable, Sequence

from asyncpg import Pool, Record

from app.voting.replies import States
from app.voting.votes import Tally, VoteState


async def select_visible(db: Pool, project_ids: Iterable[int]) -> set[int]:
    """Return which of the projects exist and are neither hidden nor deleted."""
    rows = await db.fetch(
        """
        SELECT id FROM projects
        WHERE id = ANY ($1::bigint[]) AND deleted_at IS NULL AND hidden_at IS NULL
        """,
        list(project_ids),
    )
    return {row["id"] for row in rows}


async def select_states(
    db: Pool, project_ids: Iterable[int], user_ids: Sequence[int]
) -> dict[int, States]:
    """Return the state of each visible project as each user sees it, and as a visitor (None) does.

    Tallies are as last synced, votes as last persisted.
    """
    rows = await db.fetch(
        """
        SELECT id, upvotes, downvotes, vote_version,
               array(SELECT ARRAY[user_id, value::bigint] FROM votes
                     WHERE project_id = id AND user_id = ANY ($2::bigint[])) AS votes
        FROM projects
        WHERE id = ANY ($1::bigint[]) AND deleted_at IS NULL AND hidden_at IS NULL
        """,
        list(project_ids),
        user_ids,
    )
    return {row["id"]: _states(row, user_ids) for row in rows}


def _states(row: Record, user_ids: Sequence[int]) -> States:
    tally, votes = Tally(row["upvotes"], row["downvotes"], row["vote_version"]), dict(row["votes"])
    readers: list[int | None] = [None, *user_ids]
    return {user_id: VoteState(tally, votes.get(user_id, 0)) for user_id in readers}
