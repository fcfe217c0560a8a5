"""Boards with millions of votes, written straight into PostgreSQL as if they were persisted and synced.

Each vote has one event. The events of a project have the versions 1 to n and times between its
submission and now. Votes are written only for new projects, and in the same transaction, so this
is safe while the board runs.
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
    distribute,
    endless_texts,
    endless_usernames,
    plan_projects,
    weigh,
)
from app.settings import Settings
from app.voting.persist.queries import make_partition

SEED = 1
# A chunk is one transaction and takes some seconds, or longer if a single project has more votes.
CHUNK_VOTES, CHUNK_PROJECTS = 200_000, 1_000
CHUNK_USERS = 20_000


@dataclass(frozen=True, slots=True)
class StoredProject:
    """A project with its number of voters and its approval: upvotes in 1,000 votes."""

    project: PlannedProject
    voters: int
    approval: int


def plan_stored(projects: int, users: int, votes: int) -> list[StoredProject]:
    """Plan projects, oldest first, with as many of the `votes` as are possible.

    Each user can vote once on each project, except on their own.
    """
    rng = Random(SEED)
    texts: tuple[ProjectText, ...] = tuple(islice(endless_texts(), projects))
    planned = plan_projects(rng, texts, users)
    voters = distribute(votes, weigh(rng, texts, planned), [users - 1] * projects)
    stored = [
        StoredProject(project, number, round(1000 * rng.uniform(*APPROVAL[text.mood])))
        for text, project, number in zip(texts, planned, voters, strict=True)
    ]
    return sorted(stored, key=lambda each: each.project.age, reverse=True)


async def load_stored(
    db: Pool, settings: Settings, name: str, password_hash: str, sizes: tuple[int, int, int]
) -> None:
    """Add projects, users and votes, whose numbers are `sizes`; visitors sign in as `name`."""
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
    """Create the partition of each month in which demo projects were voted on."""
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
        is_full = sum(each.voters for each in chunk) + stored.voters > CHUNK_VOTES
        if chunk and (is_full or len(chunk) == CHUNK_PROJECTS):
            yield chunk
            chunk = []
        chunk.append(stored)
    yield chunk


async def _insert_chunk(
    db: Pool, chunk: Sequence[StoredProject], user_ids: Sequence[int], shards: int
) -> None:
    """Insert some projects and all their votes in one transaction."""
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


def stride(count: int) -> int:
    """Return a step that visits each of `count` places, round and round, before it repeats one.

    It is near the golden section of `count`, so even the first few steps are spread evenly.
    """
    step = max(1, round(0.618 * count))
    while gcd(step, count) > 1:
        step += 1
    return step
