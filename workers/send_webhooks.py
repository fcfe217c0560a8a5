"""Every second: announce that voting has opened or closed, and begin to send what webhooks wait for."""

from app.board.announce import announce_voting
from app.services import Services


async def send_webhooks(services: Services) -> None:
    await services.webhooks.start_due()
    await announce_voting(services.board)
