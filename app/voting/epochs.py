"""Epochs: Redis is compared with PostgreSQL before anything in it is relied on.

Either of them may have come back empty or older than it was, another Redis server may be in use, or
Redis may belong to another board. The vote functions refuse to work until this is known. The comparison
then resumes the shard's epoch, or writes what PostgreSQL lacks and begins a new epoch, in which every
project is cold.
"""

import secrets
import time
from contextlib import suppress
from dataclasses import replace

import structlog
from asyncpg import Connection, Pool

from app.errors import VotesUnavailable
from app.single_flight import SingleFlight
from app.storage.away import DATABASE_AWAY, REDIS_AWAY
from app.storage.queries import lock_session, unlock_session
from app.storage.redis_client import RedisClient
from app.storage.timeouts import within
from app.voting import persist, queries
from app.voting.epoch_functions import EpochFunctions
from app.voting.events import trim_events
from app.voting.last_seen import LastEvent
from app.voting.origin import Origin, read_origin
from app.voting.queries import Checkpoint
from app.voting.recovery import queries as recovery
from app.voting.recovery.reasons import reason_for_new_epoch
from app.voting.recovery.recover import Recovered, recover
from app.voting.recovery.take_in import set_aside
from app.voting.rules.functions import RuleFunctions
from app.voting.rules.queries import select_rules
from app.voting.servers.in_use import ServersInUse, TwoServers

log = structlog.get_logger()

COMPARISON_LOCK = 7_302_001  # the first key of the advisory locks; the second one is the shard
# Votes are refused for this long (s) without asking again, once another server is known to be in use.
REFUSE_SECONDS = 0.5


class Epochs:
    """Compares shards. A lock in PostgreSQL orders the processes that try at the same time.

    `seconds` limits a comparison: what PostgreSQL has lost may take longer to write than a vote waits.
    """

    def __init__(
        self,
        redis: RedisClient,
        db: Pool,
        functions: EpochFunctions,
        rules: RuleFunctions,
        servers: ServersInUse,
        seconds: float,
    ) -> None:
        self._redis = redis
        self._db = db
        self._functions = functions
        self._rules = rules
        self._servers = servers
        self._seconds = seconds
        self._comparisons = SingleFlight[bool]()
        self._refused: dict[int, float] = {}  # shard -> until when

    async def compare(self, shard: int) -> bool:
        """Compare the shard with PostgreSQL; return whether a new epoch began.

        Raises TwoServers while another Redis server is in use, and VotesUnavailable while PostgreSQL or
        Redis is away.
        """
        if time.monotonic() < self._refused.get(shard, 0):
            raise TwoServers
        try:
            async with within(self._seconds):
                return await self._comparisons.run(shard, lambda: self._compare_alone(shard))
        except (*DATABASE_AWAY, *REDIS_AWAY) as error:
            raise VotesUnavailable(f"Redis cannot be compared with PostgreSQL: {error!r}") from error

    async def reason(self, shard: int) -> str | None:
        """Return why a comparison would begin a new epoch, or None; changes nothing."""
        try:
            async with self._db.acquire() as db, db.transaction(readonly=True):
                checkpoint = await queries.select_checkpoint(db, shard)
                origin = await read_origin(self._redis, shard)
                if checkpoint is None:  # nobody has voted yet
                    return None if origin.epoch is None else "foreign"
                return await self._reason(db, shard, checkpoint, origin)
        except (*DATABASE_AWAY, *REDIS_AWAY) as error:
            raise VotesUnavailable(f"Redis cannot be compared with PostgreSQL: {error!r}") from error

    async def give_way(self, shard: int, at_once: bool) -> None:
        """Stop votes on this server if another one is in use, and leave none of its events behind."""
        if at_once:
            await self._functions.suspend(shard)
        with suppress(TwoServers):
            await self.compare(shard)

    async def _compare_alone(self, shard: int) -> bool:
        async with self._db.acquire() as db:
            try:
                await self._wait_until_free(db, shard)
            except TwoServers:
                self._refused[shard] = time.monotonic() + REFUSE_SECONDS
                await self._leave(db, shard)
                raise
            try:
                # A process that waits here finds the work done.
                await lock_session(db, (COMPARISON_LOCK, shard))
                done = await self._compare(db, shard)
                await unlock_session(db, (COMPARISON_LOCK, shard))
                return done
            except BaseException:
                db.terminate()  # the next user of this connection must not find itself with the lock
                raise

    async def _wait_until_free(self, db: Connection, shard: int) -> None:
        origin = await read_origin(self._redis, shard)
        known = await queries.select_checkpoint(db, shard)
        is_other = known and not origin.continues(known.server) and origin.epoch != known.epoch
        await self._servers.wait_until_free(db, shard, origin.server, patiently=bool(is_other))

    async def _leave(self, db: Connection, shard: int) -> None:
        """Put the events of a server that must not accept votes into PostgreSQL.

        If it is in charge it makes way for another one, so its events are simply persisted.
        """
        origin = await read_origin(self._redis, shard)
        if origin.epoch is None or not await recovery.select_is_known(db, shard, origin.epoch):
            return
        await self._functions.suspend(shard)
        async with db.transaction():
            checkpoint = await persist.lock_checkpoint(db, shard)
            if persist.go_together(origin, checkpoint):
                last = (await persist.persist_waiting(self._redis, db, shard, checkpoint)).entry
            else:
                count, last = await set_aside(self._redis, db, shard, origin.epoch, foreign=False)
                if count:
                    log.warning("events set aside: another Redis is in use", shard=shard, count=count)
            await self._servers.stop(db, shard, origin.server)
        await trim_events(self._redis, shard, last)

    async def _compare(self, db: Connection, shard: int) -> bool:
        """Write a new epoch to PostgreSQL first: after a crash, the next comparison begins another."""
        recovered: Recovered | None = None
        before: list[str] = []
        async with db.transaction():
            checkpoint = await persist.lock_checkpoint(db, shard)
            origin = await read_origin(self._redis, shard)
            reason = await self._reason(db, shard, checkpoint, origin)
            if reason is not None or checkpoint.has_set_aside:
                # Another process may have had nothing to compare with, and let the functions work.
                await self._functions.suspend(shard)
                recovered = await recover(self._redis, db, shard, checkpoint, origin, reason)
                reason = recovered.reason
            if recovered is not None and reason is not None:
                before = await recovery.select_epochs(db, shard)
                checkpoint = await self._record_epoch(db, shard, reason, recovered)
            await self._servers.take(db, shard, origin.server)
            await recovery.update_server(db, shard, origin.server)
        await self._rules.set(shard, await select_rules(db))  # no vote is accepted without them
        epoch = checkpoint.epoch or ""
        if recovered is None or reason is None:
            done = await self._functions.resume(shard, epoch, origin.server, checkpoint.board)
        else:
            last = max(recovered.last, self._acknowledged(shard, origin).entry)
            done = await self._functions.begin(shard, origin, last, checkpoint, before)
        # Votes may be lost unless the reason is one of these.
        write = log.info if reason in (None, "first") else log.warning
        details = recovered.details if recovered else {}
        write("shard compared", shard=shard, epoch=epoch, reason=reason or "same", done=done, **details)
        return reason is not None

    async def _reason(
        self, db: Connection, shard: int, checkpoint: Checkpoint, origin: Origin
    ) -> str | None:
        acknowledged = self._acknowledged(shard, origin)
        return await reason_for_new_epoch(self._redis, db, shard, checkpoint, origin, acknowledged)

    def _acknowledged(self, shard: int, origin: Origin) -> LastEvent:
        return self._functions.last_seen.last_event(shard, origin.epoch)

    async def _record_epoch(
        self, db: Connection, shard: int, reason: str, recovered: Recovered
    ) -> Checkpoint:
        """Write a new epoch to PostgreSQL and return its checkpoint.

        Votes that were synced and are now lost are taken out of the tallies, since projects are
        hydrated from PostgreSQL next.
        """
        await queries.update_lost_tallies(db, shard, self._rules.shards)
        if recovered.details:
            await queries.update_unsynced_tallies(db)
        epoch = secrets.token_hex(6)
        await recovery.insert_epoch(
            db, shard, epoch, reason, recovered.lost_from_ms, is_complete=recovered.is_complete
        )
        return replace(recovered.checkpoint, epoch=epoch)
