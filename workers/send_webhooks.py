"""Every second: announce that voting has opened or closed, and begin to send what webhooks wait for."""

from app.board.announce import announce_voting, may_announce
from app.services import Services


async def send_webhooks(services: Services) -> None:
    await services.webhooks.start_due()
    await announce_voting(services.board)


async def nothing_to_send(services: Services) -> bool:
    return not (may_announce(services.board) or await services.webhooks.has_due())
