"""Every ten seconds: note the figures that the charts of /ops are drawn from."""

from app.operations.ops import samples
from app.operations.ops.state import look
from app.services import Services


async def note_history(services: Services) -> None:
    state = await look(services)
    if state.redis is not None:
        await samples.note(services.redis, samples.moment(state.redis))
