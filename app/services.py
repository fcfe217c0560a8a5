"""The connections of a process and its vote path; web, worker and commands open them here."""

import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from app.board.board import Board
from app.end_in_time import finish
from app.settings import Settings
from app.storage.connections import QUERY_SECONDS, Pool, open_database, open_redis
from app.storage.despite_failures import do_all
from app.storage.redis_client import RedisClient
from app.storage.timeouts import COMPARE_SECONDS
from app.voting import events, persist
from app.voting.batcher import VoteBatcher
from app.voting.downvote_age import DownvoteAge
from app.voting.functions import VoteFunctions
from app.voting.hydration import Hydrator
from app.voting.metrics import VoteMetrics
from app.voting.sync import TallySync
from app.webhooks.sending.sender import WebhookSender

# Each of the two steps in which the services are closed, whatever hangs.
CLOSE_SECONDS = 1.5


@dataclass(frozen=True)
class Services:
    """What a process needs to cast, persist and sync votes."""

    settings: Settings
    redis: RedisClient
    db: Pool
    functions: VoteFunctions
    hydrator: Hydrator
    metrics: VoteMetrics
    batcher: VoteBatcher
    sync: TallySync
    board: Board
    webhooks: WebhookSender

    async def persist_events(self) -> int:
        """Persist the events of all shards; return how many. Compares Redis first if it has to.

        Where a shard fails, the others are persisted before its error is raised.
        """
        shards = range(self.settings.vote_shards)
        return await do_all([partial(self._persist, shard) for shard in shards])

    async def has_events(self) -> bool:
        """Return whether any event waits in a stream; those that are persisted are trimmed."""
        shards = range(self.settings.vote_shards)
        return any([await events.has_events(self.redis, shard) for shard in shards])

    async def _persist(self, shard: int) -> int:
        self.functions.servers.note_worker(shard)
        try:
            return await persist.persist_events(self.redis, self.db, shard)
        except persist.ForeignRedis:
            await self.functions.compare(shard)
            return await persist.persist_events(self.redis, self.db, shard)


@asynccontextmanager
async def open_services(
    settings: Settings, *, query_seconds: float = QUERY_SECONDS, record_shards: bool = True
) -> AsyncIterator[Services]:
    """Open services that connect on first use, so a process starts even while its servers are away.

    `query_seconds` is how long a statement may take: short for requests, longer for jobs. A command
    that may have another VOTE_SHARDS than the board by mistake passes record_shards=False.
    """
    redis, db = open_redis(settings), await open_database(settings, query_seconds=query_seconds)
    functions = VoteFunctions(
        redis,
        db,
        settings,
        record_shards=record_shards,
        compare_seconds=max(COMPARE_SECONDS, query_seconds),
    )
    hydrator = Hydrator(redis, db, functions, settings.vote_shards)
    metrics = VoteMetrics(redis)
    board = Board(settings, db, functions.rules)
    downvote_age = DownvoteAge(db, lambda: board.settings.min_downvote_age)
    batcher = VoteBatcher(functions, hydrator, metrics, settings, downvote_age.apply)
    sync = TallySync(redis, db, functions, settings.vote_shards)
    webhooks = WebhookSender(db, allow_private=settings.webhooks_private)
    try:
        yield Services(
            settings, redis, db, functions, hydrator, metrics, batcher, sync, board, webhooks
        )
    finally:
        with contextlib.suppress(TimeoutError):
            await finish(_close(functions, metrics, webhooks), CLOSE_SECONDS)
        db.terminate()
        with contextlib.suppress(TimeoutError):
            await finish(redis.aclose(), CLOSE_SECONDS)


async def _close(functions: VoteFunctions, metrics: VoteMetrics, webhooks: WebhookSender) -> None:
    await webhooks.close()
    await functions.servers.close()
    await metrics.close()


def board() -> Board:
    """Return the board of the app that handles this request."""
    return services().board


def services() -> Services:
    """Return the services of the app that handles this request."""
    from quart import current_app  # here, since worker and commands would load all of Quart for it

    found: Services = current_app.extensions["upvote"]
    return found
