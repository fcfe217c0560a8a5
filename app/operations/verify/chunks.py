"""The board's projects in chunks that fit in memory."""

from collections.abc import AsyncIterator, Sequence

from asyncpg import Pool

from app.operations.verify import queries

# A chunk ends at whichever comes first; a project with more events than that is one by itself.
MOST_PROJECTS = 1_000
MOST_EVENTS = 100_000
# Named projects come without their number of events.
MOST_NAMED = 50


async def chunks(db: Pool, project_ids: Sequence[int] | None = None) -> AsyncIterator[list[int]]:
    """The ids of all projects, or the given ones, a chunk at a time."""
    if project_ids is not None:
        for at in range(0, len(project_ids), MOST_NAMED):
            yield list(project_ids[at : at + MOST_NAMED])
        return
    last = 0
    while sized := await queries.select_projects_after(db, last, MOST_PROJECTS):
        chunk = _fitting(sized)
        last = chunk[-1]
        yield chunk


def _fitting(sized: Sequence[tuple[int, int]]) -> list[int]:
    chunk: list[int] = []
    events = 0
    for project_id, more in sized:
        events += more
        if chunk and events > MOST_EVENTS:
            break
        chunk.append(project_id)
    return chunk
