"""Every ten seconds: write a sample for the charts of /ops."""

from app.operations.ops.samples import make_sample, write_sample
from app.operations.ops.state import read_state
from app.services import Services


async def note_history(services: Services) -> None:
    state = await read_state(services)
    if state.redis is not None:
        await write_sample(services.redis, make_sample(state.redis))
