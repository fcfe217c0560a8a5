"""Every ten seconds: note the figures that the charts of /ops are drawn from."""

from app.ops import history
from app.ops.state import look
from app.services import Services


async def note_history(services: Services) -> None:
    state = await look(services)
    if state.redis is not None:
        await history.note(services.redis, history.moment(state.redis))
