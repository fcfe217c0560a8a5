"""Boards of millions of votes: written straight into PostgreSQL, in sets, as if persisted and synced.

Each vote has the one event that it came from, with the versions 1 to n of its project and times from
the project's submission until now. Only projects made here are voted on, and each becomes visible
together with its votes, so a board that runs does not notice.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from math import gcd
from random import Random

from asyncpg import Pool
from tqdm import tqdm

from app.demo import queries
from app.demo.content import ProjectText
from app.demo.plan import (
    AGE_SPAN,
    APPROVAL,
    PlannedProject,
    endless_texts,
    endless_usernames,
    plan_projects,
    share_out,
    weigh,
)
from app.settings import Settings
from app.voting.queries import make_partition

SEED = 1
# A chunk is a transaction of some seconds, as far as it does not consist of one project.
CHUNK_VOTES, CHUNK_PROJECTS = 200_000, 1_000
CHUNK_USERS = 20_000


@dataclass(frozen=True, slots=True)
class StoredProject:
    """A project with the number of its voters, and how many of 1,000 vote it up."""

    project: PlannedProject
    voters: int
    approval: int


def plan_stored(projects: int, users: int, votes: int) -> list[StoredProject]:
    """Oldest first; as many votes as asked for or possible: one of each user, but not the author."""
    rng = Random(SEED)
    texts: tuple[ProjectText, ...] = tuple(islice(endless_texts(), projects))
    planned = plan_projects(rng, texts, users)
    voters = share_out(votes, weigh(rng, texts, planned), [users - 1] * projects)
    stored = [
        StoredProject(project, number, round(1000 * rng.uniform(*APPROVAL[text.mood])))
        for text, project, number in zip(texts, planned, voters, strict=True)
    ]
    return sorted(stored, key=lambda one: one.project.age, reverse=True)


async def load_stored(
    db: Pool, settings: Settings, name: str, password_hash: str, sizes: tuple[int, int, int]
) -> None:
    """Add so many (projects, users, votes); `name` is the account that visitors sign in as."""
    projects, users, votes = sizes
    plan = plan_stored(projects, users, votes)
    await make_partitions(db)
    user_ids = await _insert_users(db, users)
    await queries.update_login(db, name, password_hash)
    with tqdm(total=sum(p.voters for p in plan), desc="Stored votes", unit="vote", disable=None) as bar:
        for chunk in _chunks(plan):
            await _insert_chunk(db, chunk, user_ids, settings.vote_shards)
            bar.update(sum(stored.voters for stored in chunk))
    await queries.analyze(db)


async def make_partitions(db: Pool) -> None:
    """Of every month in which the projects were voted on."""
    async with db.acquire() as connection:
        for month in range(AGE_SPAN.days // 28 + 1):
            await make_partition(connection, -month)


async def _insert_users(db: Pool, users: int) -> list[int]:
    names = endless_usernames(Random(SEED))
    ids: list[int] = []
    while chunk := list(islice(names, min(CHUNK_USERS, users - len(ids)))):
        async with db.acquire() as connection:
            ids += await queries.insert_users(connection, chunk)
    return ids


def _chunks(plan: Sequence[StoredProject]) -> Iterator[list[StoredProject]]:
    chunk: list[StoredProject] = []
    for stored in plan:
        full = sum(one.voters for one in chunk) + stored.voters > CHUNK_VOTES
        if chunk and (full or len(chunk) == CHUNK_PROJECTS):
            yield chunk
            chunk = []
        chunk.append(stored)
    yield chunk


async def _insert_chunk(
    db: Pool, chunk: Sequence[StoredProject], user_ids: Sequence[int], shards: int
) -> None:
    """Some projects with all their votes, or none of it."""
    now = datetime.now(UTC)
    rows = [
        (user_ids[p.author], p.title, p.url, p.description, now - p.age)
        for p in (stored.project for stored in chunk)
    ]
    async with db.acquire() as connection, connection.transaction():
        ids = await queries.insert_projects(connection, rows)
        ballots = [
            (project_id, stored.project.author, stored.voters, stored.approval)
            for project_id, stored in zip(ids, chunk, strict=True)
        ]
        step = stride(len(user_ids) - 1)
        await queries.insert_stored_votes(connection, ballots, user_ids, step, shards)


def stride(seats: int) -> int:
    """A step that visits every seat before it comes back to the first, and spreads from the start."""
    step = max(1, round(0.618 * seats))
    while gcd(step, seats) > 1:
        step += 1
    return step
