"""Rebuild: warm the cache, so that the first votes after a loss of Redis need not wait for it."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from asyncpg import Pool
from tqdm import tqdm

from app.operations.warm_up import queries
from app.services import Services

CHUNK = 500


@dataclass
class Rebuilt:
    """How many projects were brought to Redis, and how many were there already."""

    hydrated: int = 0
    cached: int = 0

    def __str__(self) -> str:
        return f"rebuilt {self.hydrated} projects, {self.cached} were cached already"


async def rebuild(services: Services, most: int | None = None, *, bar: bool = False) -> Rebuilt:
    """Hydrate all projects, or the `most` last voted on. Safe to repeat, and while votes arrive.

    Raises VotesUnavailable when a server is away, and when Redis is full.
    """
    total = await queries.count_projects(services.db)
    total, done = total if most is None else min(most, total), Rebuilt()
    with tqdm(total=total, desc="Rebuild", unit="project", disable=None if bar else True) as progress:
        async for chunk in _chunks(services.db, most):
            cached = await services.functions.read(chunk)
            cold = [project_id for project_id in chunk if project_id not in cached]
            await services.hydrator.hydrate_all(cold)
            done.cached += len(cached)
            done.hydrated += len(cold)
            progress.update(len(chunk))
    return done


async def _chunks(db: Pool, most: int | None) -> AsyncIterator[Sequence[int]]:
    if most is not None:
        project_ids = await queries.select_last_voted(db, most)
        for at in range(0, len(project_ids), CHUNK):
            yield project_ids[at : at + CHUNK]
        return
    last = 0
    while chunk := await queries.select_projects_after(db, last, CHUNK):
        last = chunk[-1]
        yield chunk
