"""Splits the projects of the board into chunks that fit in memory."""

from collections.abc import AsyncIterator, Sequence

from asyncpg import Pool

from app.operations.verify import queries

# A chunk ends at whichever limit it reaches first. A project with more events is a chunk by itself.
MAX_PROJECTS = 1_000
MAX_EVENTS = 20_000
# The number of events is unknown for projects that the caller names, so their chunks are smaller.
MAX_NAMED = 50


async def chunks(db: Pool, project_ids: Sequence[int] | None = None) -> AsyncIterator[list[int]]:
    """Yield the ids of all projects, or the given ids, one chunk at a time."""
    if project_ids is not None:
        for at in range(0, len(project_ids), MAX_NAMED):
            yield list(project_ids[at : at + MAX_NAMED])
        return
    last = 0
    while sized := await queries.select_projects_after(db, last, MAX_PROJECTS):
        chunk = _first_chunk(sized)
        last = chunk[-1]
        yield chunk


def _first_chunk(sized: Sequence[tuple[int, int]]) -> list[int]:
    chunk: list[int] = []
    events = 0
    for project_id, more in sized:
        events += more
        if chunk and events > MAX_EVENTS:
            break
        chunk.append(project_id)
    return chunk
