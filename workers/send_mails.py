"""Every 5 s: send the mails that are due, if there is a mail server."""

import structlog

from app.services import Services

log = structlog.get_logger()


async def send_mails(services: Services) -> None:
    if services.settings.smtp_url is None:
        return
    from app.accounts.mail.outbox import send_due_mails  # here: few boards have a mail server

    if count := await send_due_mails(services):
        log.info("sent mails", count=count)


async def no_mail_server(services: Services) -> bool:
    return services.settings.smtp_url is None
