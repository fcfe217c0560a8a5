"""Every ten seconds: write a sample for the charts of /ops."""

from app.operations.ops.samples import make_sample, write_sample
from app.operations.ops.state import read_redis_state
from app.services import Services


async def note_history(services: Services) -> None:
    redis = await read_redis_state(services)
    if redis is not None:
        await write_sample(services.redis, make_sample(redis))
