"""Every ten seconds: write a sample for the charts of /ops."""

from app.operations.ops.samples import make_sample, write_sample
from app.services import Services


async def note_history(services: Services) -> None:
    await write_sample(services.redis, await make_sample(services))
