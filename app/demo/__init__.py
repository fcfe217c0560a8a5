"""Demo content: a board worth looking at, with votes that were cast through the real vote path.

Very many votes are written straight into PostgreSQL instead (app/demo/stored.py).
"""

import asyncio
import hashlib
import hmac
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import islice

from asyncpg import Pool
from tqdm import tqdm

from app.accounts.passwords import check_password, hash_password
from app.accounts.queries import select_user
from app.demo import queries
from app.demo.plan import Plan, make_plan
from app.demo.stored import load_stored, make_partitions
from app.errors import VotesUnavailable
from app.projects.places import record_best_places
from app.services import open_services
from app.settings import Settings
from app.storage.connections import open_database
from app.voting.batcher import VoteBatcher
from app.voting.votes import Vote

VOTES_AT_ONCE = 500
RETRY_SECONDS = 0.5  # between two tries of a vote
CAST_TIMEOUT_SECONDS = 60.0  # for all tries of a vote
QUERY_SECONDS = 600.0
# Casting more votes than this through the real path would take minutes, and planning them gigabytes.
MAX_CAST_VOTES = 100_000


def login(settings: Settings) -> tuple[str, str]:
    """Return the demo account's name and password; the password is derived from SECRET_KEY."""
    key = (settings.secret_key or "").encode()
    return "demo", "demo-" + hmac.new(key, b"demo login", hashlib.sha256).hexdigest()[:10]


async def login_works(settings: Settings) -> bool:
    """Return whether one can sign in with `login`: not if SECRET_KEY or the password has changed."""
    name, password = login(settings)
    async with await open_database(settings) as db:
        account = await select_user(db, name)
    return await check_password(account.password_hash if account else None, password)


async def load_if_empty(settings: Settings) -> None:
    """Load the demo content into a board where nobody has ever submitted a project."""
    async with await open_database(settings) as db:
        empty = await queries.is_empty(db)
    if empty:
        await load(settings)


async def load(
    settings: Settings, projects: int | None = None, users: int | None = None, votes: int = 6000
) -> None:
    """Add demo content. The same numbers give the same content, except for times.

    By default it creates 84 projects and 240 users, and more only if the votes need them.
    """
    projects, users = projects or max(84, votes // 1000), users or max(240, votes // 100)
    if votes > MAX_CAST_VOTES:
        await _store(settings, projects, users, votes)
    else:
        await _load(settings, make_plan(projects=projects, users=users, votes=votes))


async def _store(settings: Settings, projects: int, users: int, votes: int) -> None:
    name, password = login(settings)
    async with await open_database(settings, query_seconds=QUERY_SECONDS) as db:
        await load_stored(db, settings, name, await hash_password(password), (projects, users, votes))


async def _load(settings: Settings, plan: Plan) -> None:
    # The limits are for people; everything else is the path that every vote takes.
    unlimited = settings.model_copy(update={"rate_limit_max": 0, "account_limit_max": 0})
    async with open_services(unlimited, query_seconds=QUERY_SECONDS) as services:
        name, password = login(settings)
        user_ids, project_ids = await _insert(services.db, plan, name, await hash_password(password))
        await _cast(services.batcher, plan, user_ids, project_ids)
        await services.persist_events()
        await _spread_times(services.db, project_ids)
        await services.sync.run()
        await record_best_places(services.db)


async def _spread_times(db: Pool, project_ids: Sequence[int]) -> None:
    """Give votes that were cast just now times over the past months, as on a board that people use."""
    await make_partitions(db)
    async with db.acquire() as connection, connection.transaction():
        await queries.update_times(connection, project_ids)


async def _insert(db: Pool, plan: Plan, name: str, password_hash: str) -> tuple[list[int], list[int]]:
    """Insert all users and projects in one transaction; return their ids in the plan's order."""
    now = datetime.now(UTC)
    # The oldest project comes first, so that ids grow with time, as on a board that people use.
    oldest_first = sorted(range(len(plan.projects)), key=lambda n: -plan.projects[n].age)
    async with db.acquire() as connection, connection.transaction():
        user_ids = await queries.insert_users(connection, plan.users)
        await queries.update_login(connection, name, password_hash)
        rows = [
            (user_ids[p.author], p.title, p.url, p.description, now - p.age)
            for p in (plan.projects[n] for n in oldest_first)
        ]
        ids = await queries.insert_projects(connection, rows)
    return user_ids, [project_id for _, project_id in sorted(zip(oldest_first, ids, strict=True))]


async def _cast(
    batcher: VoteBatcher, plan: Plan, user_ids: Sequence[int], project_ids: Sequence[int]
) -> None:
    votes = (Vote(project_ids[v.project], user_ids[v.user], v.value) for v in plan.votes)
    with tqdm(
        total=len(plan.votes), desc="Demo votes", unit="vote", mininterval=0.2, disable=None
    ) as bar:
        while batch := list(islice(votes, VOTES_AT_ONCE)):
            await asyncio.gather(*[cast_with_retries(batcher, vote) for vote in batch])
            bar.update(len(batch))


async def cast_with_retries(batcher: VoteBatcher, vote: Vote) -> None:
    """Cast a vote, and again if a busy machine delays Redis: a vote that is cast twice counts once.

    Raise VotesUnavailable after CAST_TIMEOUT_SECONDS.
    """
    deadline = time.monotonic() + CAST_TIMEOUT_SECONDS
    while True:
        try:
            await batcher.cast(vote)
            return
        except VotesUnavailable:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(RETRY_SECONDS)
