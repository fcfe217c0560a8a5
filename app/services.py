"""What web, worker and commands work with; all of them open it here."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

from quart import current_app

from app.accounts.limits.limiter import Limiter
from app.accounts.revocation import Revocations
from app.accounts.tokens import TokenCache
from app.live.hub import Hub
from app.settings import Settings
from app.single_flight import SharedCache
from app.storage.connections import QUERY_SECONDS, Pool, open_database, open_redis
from app.storage.redis_client import AnyRedis
from app.voting.batcher import VoteBatcher
from app.voting.downvote_age import DownvoteAge
from app.voting.epochs import Epochs
from app.voting.functions import VoteFunctions
from app.voting.hydration import Hydrator
from app.voting.metrics import VoteMetrics
from app.voting.sharding import Sharding

# How long (s) pages go on showing an admin's links to one who is none any more, and the reverse.
ADMIN_SECONDS = 5.0


@dataclass(frozen=True)
class Services:
    """One process' connections and what stands on them."""

    settings: Settings
    redis: AnyRedis
    db: Pool
    functions: VoteFunctions
    batcher: VoteBatcher
    hub: Hub
    limiter: Limiter
    # shard -> the epoch whose beginning this process has dealt with
    epochs: dict[int, str] = field(default_factory=dict)
    # user -> whether an admin; asked once for all of a user's requests that want to know it
    admins: SharedCache[bool] = field(default_factory=partial(SharedCache, ADMIN_SECONDS, 10_000))
    # all admins, as of the last time that PostgreSQL was there
    admin_ids: set[int] = field(default_factory=set)
    revocations: Revocations = field(default_factory=Revocations)
    tokens: TokenCache = field(default_factory=TokenCache)


@asynccontextmanager
async def open_services(
    settings: Settings, *, query_seconds: float = QUERY_SECONDS, looks_on: bool = False
) -> AsyncIterator[Services]:
    """Services that connect on first use, so a process starts whether or not its servers are there.

    `query_seconds` is the longest a statement may take: short for answers to people, longer for jobs.
    `looks_on` is for who may have been given another VOTE_SHARDS than the board by mistake.
    """
    redis, db = open_redis(settings), await open_database(settings, query_seconds=query_seconds)
    functions = make_functions(redis, db, settings, looks_on)
    hydrator = Hydrator(redis, db, functions, settings.vote_shards)
    judge = DownvoteAge(db, settings.min_downvote_age).judge if settings.min_downvote_age else None
    batcher = VoteBatcher(functions, hydrator, VoteMetrics(redis), settings, judge)
    hub = Hub(functions, settings.live_streams_max)
    try:
        yield Services(settings, redis, db, functions, batcher, hub, Limiter(redis))
    finally:
        hub.close()
        await batcher.metrics.close()
        db.terminate()
        await redis.aclose()


def make_functions(
    redis: AnyRedis, db: Pool, settings: Settings, looks_on: bool = False
) -> VoteFunctions:
    """The vote functions, with PostgreSQL at hand to compare Redis with."""
    functions = VoteFunctions(redis, settings)
    functions.sharding = Sharding(redis, settings.vote_shards, records=not looks_on)
    functions.gatekeeper = Epochs(redis, db, functions, settings.vote_shards).admit
    return functions


def services() -> Services:
    """The services of the app that handles this request."""
    found: Services = current_app.extensions["upvote"]
    return found
