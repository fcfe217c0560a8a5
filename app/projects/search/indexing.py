"""Makes the terms of projects that search does not know yet, or knows by older texts.

On a board that is older than search's table these are all projects. Otherwise the requests that submit,
edit and delete write the terms, except those of the version before this one while both run.
"""

from asyncpg import Pool

from app.projects.search import queries
from app.projects.search_terms.terms import project_terms

BATCH = 50  # projects; their terms take the process some 50 ms, in which it does nothing else
BATCHES = 200  # in a run


async def make_searchable(db: Pool) -> int:
    """Make the terms of the projects that need it, in batches, newest first; return the count.

    The next run continues, also with projects that somebody else is changing now.
    """
    count = 0
    for _ in range(BATCHES):
        done = await _make_batch(db)
        count += done
        if done < BATCH:
            break
    return count


async def is_searchable(db: Pool) -> bool:
    """Return whether search knows the texts of all projects."""
    return not await queries.select_has_outdated(db)


async def _make_batch(db: Pool) -> int:
    async with db.acquire() as connection, connection.transaction():
        found = await queries.select_outdated(connection, BATCH)
        if not found:
            return 0
        terms = [
            None if text.deleted else project_terms(text.title, text.url, text.description)
            for text in found
        ]
        await queries.update_terms(connection, [text.id for text in found], terms)
    return len(found)
