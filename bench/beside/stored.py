"""Stores the data of the board in a directory, before its processes start."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

import asyncpg
from redis.asyncio import Redis

from app.accounts.passwords import hash_password
from app.demo.queries import insert_projects, insert_stored_votes
from app.demo.stored import load_stored, stride
from app.operations.warm_up import rebuild
from app.services import Services, open_services
from app.settings import Settings
from bench.beside import queries
from bench.beside.answers import warn
from bench.board import USERS as VOTING
from bench.board import BenchBoard, make_board, servers
from bench.queries import select_most_voted, vacuum
from workers.fill_link_keys import fill_link_keys
from workers.find_odd_votes import find_odd_votes
from workers.index_projects import index_projects
from workers.reconcile import reconcile
from workers.sync_tallies import sync_tallies

PROJECTS, USERS, VOTES = 10_000, 100_000, 1_000_000
VOTERS = 1_000_000  # of one more project, which nobody votes on meanwhile
EXTRA_USERS = (VOTING + 1, VOTING + 2)  # of make_board; they cast no votes until they are asked to
PASSWORD = "a password of the bench only"


@dataclass(frozen=True)
class Sizes:
    """How much is stored: votes on all projects, and voters of the largest one."""

    votes: int = VOTES
    voters: int = VOTERS


async def store(data_dir: Path, sizes: Sizes) -> None:
    """Store the board, and do what its worker would do in the first minutes."""
    warn(f"storing {sizes.votes:,} votes on {PROJECTS:,} projects, {sizes.voters:,} on one more")
    async with servers(data_dir) as (settings, db, redis):
        counts = PROJECTS, USERS, sizes.votes
        await load_stored(db, settings, "demo", await hash_password(PASSWORD), counts)
        await queries.update_demo(db)
        project_ids = await select_most_voted(db)
        await _store_large(db, settings, sizes.voters)
        await make_board(settings, db, redis, project_ids)
        async with open_services(settings, query_seconds=600) as services:
            await _settle(services)
        await vacuum(db)


async def _store_large(db: asyncpg.Pool, settings: Settings, voters: int) -> None:
    """Store a project with very many voters, the only one with this title."""
    user_ids = await queries.insert_crowd(db, voters + 1)
    async with db.acquire() as connection, connection.transaction():
        now = await connection.fetchval("SELECT now() - interval '20 days'")
        row = (user_ids[0], queries.LARGE, None, "Very many people vote on this.", now)
        [project_id] = await insert_projects(connection, [row])
        ballot = (project_id, 0, voters, 700)
        step = stride(voters)
        await insert_stored_votes(connection, [ballot], user_ids, step, settings.vote_shards)


async def _settle(services: Services) -> None:
    await rebuild(services)
    for job in (index_projects, fill_link_keys, find_odd_votes, sync_tallies, reconcile):
        await job(services)


async def bench_board(settings: Settings, db: asyncpg.Pool, redis: Redis) -> BenchBoard:
    """Return the stored board; the largest project is not among its projects."""
    large = await queries.select_large(db)
    project_ids = [project_id for project_id in await select_most_voted(db) if project_id != large]
    first, second = await asyncio.gather(*[queries.select_user(db, f"voter-{n}") for n in EXTRA_USERS])
    cookies = settings.data_dir / "voters.cookies"
    return BenchBoard(settings, db, redis, cookies, project_ids, {10_000: first.id, 100: second.id})
