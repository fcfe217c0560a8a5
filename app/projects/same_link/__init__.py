"""Projects with the same link: each project has a key of its link, by which others are found."""

from typing import TYPE_CHECKING

from asyncpg import Pool

from app.links import link_key, read_link
from app.projects.same_link.queries import (
    SameLink,
    select_same_link,
    select_without_key,
    update_link_keys,
)

if TYPE_CHECKING:
    from app.projects.rows import Row

MAX_SHOWN = 5
BATCH, BATCHES = 1_000, 20


async def same_link(db: Pool, project: "Row") -> list[SameLink]:
    """Return other projects with the project's link, since a link may be submitted again."""
    link = read_link(project.url) if project.url else None
    return await select_same_link(db, project.id, link.key, MAX_SHOWN) if link else []


async def fill_link_keys(db: Pool) -> int:
    """Store the keys of links that an earlier version stored; return how many.

    Works in batches, so that no row is locked for long; the next run continues.
    """
    last = filled = 0
    for _ in range(BATCHES):
        found = await select_without_key(db, last, BATCH)
        if not found:
            break
        filled += await update_link_keys(db, [(id, url, link_key(url)) for id, url in found])
        last = found[-1][0]
    return filled
