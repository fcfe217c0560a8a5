"""Loads projects into Redis, so that the first votes after a loss of Redis need not wait."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from asyncpg import Pool
from tqdm import tqdm

from app.operations.warm_up import queries
from app.pace import paced
from app.services import Services

CHUNK = 100


@dataclass
class Rebuilt:
    """The number of projects loaded into Redis, and of those that were already there."""

    hydrated: int = 0
    cached: int = 0

    def __str__(self) -> str:
        return f"projects loaded into Redis: {self.hydrated}, already there: {self.cached}"


async def rebuild(
    services: Services, limit: int | None = None, *, show_progress: bool = False
) -> Rebuilt:
    """Load all projects into Redis, or the `limit` projects with the latest votes.

    Safe to repeat, and to run while votes arrive. Raises VotesUnavailable if a server is away or Redis
    is full.
    """
    total = await queries.count_projects(services.db)
    total, done = total if limit is None else min(limit, total), Rebuilt()
    with tqdm(
        total=total, desc="Rebuild", unit="project", disable=None if show_progress else True
    ) as progress:
        async for chunk in _chunks(services.db, limit):
            async with paced():
                cached = await services.functions.read(chunk)
                cold = [project_id for project_id in chunk if project_id not in cached]
                await services.hydrator.hydrate_all(cold)
            done.cached += len(cached)
            done.hydrated += len(cold)
            progress.update(len(chunk))
    return done


async def _chunks(db: Pool, limit: int | None) -> AsyncIterator[Sequence[int]]:
    if limit is not None:
        project_ids = await queries.select_last_voted(db, limit)
        for at in range(0, len(project_ids), CHUNK):
            yield project_ids[at : at + CHUNK]
        return
    last = 0
    while chunk := await queries.select_projects_after(db, last, CHUNK):
        last = chunk[-1]
        yield chunk
