"""`upvote recover`: takes in the votes of another Redis, which were set aside or still wait in it."""

from app.errors import OperatorError, VotesUnavailable
from app.operations.verify.verify import QUERY_SECONDS
from app.services import Services, open_services
from app.settings import Settings
from app.storage.away import DATABASE_AWAY, REDIS_AWAY
from app.storage.connections import open_redis
from app.voting.events import trim_events
from app.voting.origin import read_origin
from app.voting.recovery import queries
from app.voting.recovery.take_in import set_aside
from app.voting.servers.queries import select_server


async def recover(settings: Settings, redis_url: str | None, *, foreign: bool, dismiss: bool) -> str:
    """Take in what was set aside, and return how many events were taken in, superseded and dismissed.

    Safe to repeat, and while the board runs. Raises OperatorError if a server is away.
    """
    try:
        async with open_services(
            settings, query_seconds=QUERY_SECONDS, record_shards=False
        ) as services:
            if redis_url is not None:
                await _set_aside(services, redis_url)
            before = await queries.count_outcomes(services.db)
            if foreign or dismiss:
                await queries.update_foreign(services.db, dismiss=dismiss)
            for shard in range(settings.vote_shards):
                await services.functions.compare(shard)
            after = await queries.count_outcomes(services.db)
    except (VotesUnavailable, *DATABASE_AWAY, *REDIS_AWAY) as error:
        raise OperatorError(f"nothing can be taken in now ({error}): run upvote doctor") from error
    new = {outcome: after[outcome] - before.get(outcome, 0) for outcome in after}
    dismissed = f"; {new.get('dismissed', 0)} dismissed" if dismiss else ""
    return (
        f"events taken in: {new.get('taken in', 0)}; taken in before, or followed by later votes: "
        f"{new.get('superseded', 0)}{dismissed}"
    )


async def _set_aside(services: Services, redis_url: str) -> None:
    """Set aside the events of a Redis that nobody uses any more."""
    redis = open_redis(services.settings.model_copy(update={"redis_url": redis_url}))
    try:
        for shard in range(services.settings.vote_shards):
            origin = await read_origin(redis, shard)
            if origin.epoch is None:
                continue
            if origin.server == await select_server(services.db, shard):
                raise OperatorError(
                    "--from names the Redis that is in use: its votes need no taking in"
                )
            async with services.db.acquire() as db, db.transaction():
                known = await queries.select_is_known(db, shard, origin.epoch)
                _, last = await set_aside(redis, db, shard, origin.epoch, foreign=not known)
            await trim_events(redis, shard, last)
    finally:
        await redis.aclose()
