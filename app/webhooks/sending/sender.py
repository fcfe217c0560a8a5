"""Sends the events that are due: in the worker, at least once, those of one subject in their order.

Every webhook has tasks of its own, so a slow receiver delays nobody else, and the job that starts them
waits for none of them. A delivery belongs to the process that took it, until its lease is over.
"""

import asyncio
import random
import socket
import ssl
import time
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

import structlog
from asyncpg import Pool

from app.logs import line_limit
from app.sentry import report
from app.single_flight import retrieve_exception
from app.storage.away import DATABASE_AWAY
from app.storage.timeouts import MAX_STRETCH, WEBHOOK_SECONDS
from app.webhooks.addresses import Resolve, Resolver
from app.webhooks.sending import READ_SECONDS, NotSent, queries
from app.webhooks.sending.queries import Delivery
from app.webhooks.signing import signed_headers

if TYPE_CHECKING:
    from app.webhooks.sending.post import Poster

log = structlog.get_logger()

AT_ONCE = 4  # tries of one webhook in one process
# Seconds until the next try; the last of them is repeated until the event is a day old.
WAITS = (5, 30, 120, 600, 1_800, 3_600)
JITTER = 0.2
# Longer than any try takes, on a machine that is busy too.
LEASE = timedelta(seconds=(WEBHOOK_SECONDS + READ_SECONDS) * MAX_STRETCH + 30)
GONE = 410


class WebhookSender:
    """Sends what is due; one in each worker."""

    def __init__(
        self,
        db: Pool,
        *,
        allow_private: bool,
        tls: ssl.SSLContext | None = None,
        resolve: Resolve = socket.getaddrinfo,
    ) -> None:
        self._db = db
        self._resolver = Resolver(allow_private=allow_private, resolve=resolve)
        self._tls = tls
        self._allow_private = allow_private
        self._running: dict[int, set[asyncio.Task[None]]] = {}
        self._in_trouble: set[int] = set()  # webhooks that have failed since the last run
        self._has_webhooks = True  # or none was found at the last run

    @cached_property
    def _poster(self) -> "Poster":
        from app.webhooks.sending.post import Poster  # here: few processes send, and all would load it

        return Poster(self._resolver, self._tls)

    async def start_due(self, now: datetime | None = None) -> None:
        """Begin to send what is due, and return. `now`: in place of PostgreSQL's time."""
        found = await queries.select_webhooks(self._db, now)
        self._has_webhooks = bool(found)
        for webhook_id in [webhook_id for webhook_id, is_due in found.items() if is_due]:
            self._in_trouble.discard(webhook_id)
            self._start(webhook_id, now)

    async def has_due(self) -> bool:
        """Return whether something may have to be sent now. The next run finds a first webhook."""
        return self._has_webhooks and any((await queries.select_webhooks(self._db, None)).values())

    async def wait(self) -> None:
        """Return when nothing is being sent."""
        while tasks := [task for running in self._running.values() for task in running]:
            await asyncio.wait(tasks)

    async def close(self) -> None:
        """Break off what is being sent; another worker, or the next one, sends it again."""
        self._resolver.close()
        for running in self._running.values():
            for task in running:
                task.cancel()
        await self.wait()

    def _start(self, webhook_id: int, now: datetime | None) -> None:
        running = self._running.setdefault(webhook_id, set())
        if len(running) < AT_ONCE:
            task = asyncio.create_task(self._send_due(webhook_id, now))
            running.add(task)
            task.add_done_callback(running.discard)
            task.add_done_callback(retrieve_exception)

    async def _send_due(self, webhook_id: int, now: datetime | None) -> None:
        """Send what is due for a webhook, one after the other; others do the same beside this one.

        After a failure it waits for the next run, so that a receiver in trouble gets few requests.
        """
        try:
            while found := await queries.update_next_delivery(self._db, webhook_id, LEASE, now):
                if webhook_id not in self._in_trouble:
                    self._start(webhook_id, now)
                if not await self._send(found, now):
                    self._in_trouble.add(webhook_id)
                    break
        except DATABASE_AWAY as error:
            if line_limit.is_due("webhooks"):
                log.warning("webhooks wait for PostgreSQL", reason=repr(error))
        except Exception as error:
            if line_limit.is_due(f"webhooks {type(error).__name__}"):
                log.exception("sending to a webhook failed", webhook=webhook_id)
                report(error)

    async def _send(self, delivery: Delivery, now: datetime | None) -> bool:
        problem = await self._try(delivery)
        if problem is None:
            await queries.update_delivered(self._db, delivery.webhook_id, delivery.event_id, now)
        elif problem == GONE:
            await queries.update_disabled(self._db, delivery.webhook_id, describe(GONE))
            log.warning("a webhook is disabled: its receiver is gone", webhook=delivery.webhook_id)
        else:
            await self._note_failure(delivery, describe(problem), now)
        return problem is None

    async def _try(self, delivery: Delivery) -> int | str | None:
        """Return None if it was accepted, else the status of the answer, or why there was none."""
        if delivery.url.startswith("http:") and not self._allow_private:
            return "http is used with WEBHOOKS_PRIVATE=yes only"
        body = delivery.body.encode()
        headers = signed_headers(delivery.secret, delivery.message_id, int(time.time()), body)
        try:
            status = await self._poster.post(delivery.url, headers, body)
        except NotSent as error:
            return str(error)
        return None if 200 <= status < 300 else status

    async def _note_failure(self, delivery: Delivery, problem: str, now: datetime | None) -> None:
        given_up = await queries.update_failed(
            self._db, delivery, problem, wait_after(delivery.tries), now
        )
        if given_up or line_limit.is_due(f"webhook {delivery.webhook_id}"):
            log.warning(
                "a webhook was not delivered",
                webhook=delivery.webhook_id,
                message=delivery.message_id,
                tries=delivery.tries,
                reason=problem,
                given_up=given_up,
            )


def describe(problem: int | str) -> str:
    """Return why a try failed, in words."""
    if isinstance(problem, str):
        return problem
    if 300 <= problem < 400:
        return f"it answers {problem}, and redirects are not followed"
    return f"it answers {problem}" + (" (Gone)" if problem == GONE else "")


def wait_after(tries: int) -> timedelta:
    """Return how long to wait after so many tries: not all at once when a receiver comes back."""
    seconds = WAITS[min(tries, len(WAITS)) - 1]
    return timedelta(seconds=seconds * random.uniform(1 - JITTER, 1 + JITTER))
