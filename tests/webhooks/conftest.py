"""A receiver, webhooks that lead to it, and events to send."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime

import asyncpg
import pytest

from app.webhooks import TYPES
from app.webhooks.manage.queries import insert_webhook
from app.webhooks.queries import Event, insert_events
from app.webhooks.sending.sender import WebhookSender
from app.webhooks.signing import new_secret
from tests.board.organise import organise
from tests.board.some_tracks import tracks
from tests.event.own_event import event, event_board
from tests.webhooks.receiver import Receiver

__all__ = ["event", "event_board", "organise", "tracks"]


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver().serving() as serving:
        yield serving


@pytest.fixture(autouse=True)
async def no_webhooks(db) -> AsyncIterator[None]:
    """Begin and end without webhooks and events, since all tests share the board."""
    await _clear(db)
    yield
    await _clear(db)


async def _clear(db: asyncpg.Pool) -> None:
    await db.execute("DELETE FROM webhooks")
    await db.execute("DELETE FROM webhook_events")


@pytest.fixture
def add(db) -> Callable[..., Awaitable[int]]:
    """Return a function that adds a webhook with this address, and returns its id."""

    async def add(url: str, *events: str, secret: str | None = None) -> int:
        return await insert_webhook(db, url, secret or new_secret(), events or TYPES)

    return add


@pytest.fixture
async def webhook(receiver, add) -> int:
    """Return a webhook that leads to the receiver and wants everything."""
    return await add(receiver.url)


@pytest.fixture
async def sender(db) -> AsyncIterator[WebhookSender]:
    """Return a sender to which private addresses are allowed, as that of the receiver is."""
    sender = WebhookSender(db, allow_private=True)
    yield sender
    await sender.close()


@pytest.fixture
def numbered(db) -> Callable[..., Awaitable[None]]:
    """Return a function that writes an event of a subject for each of these numbers."""

    async def write(subject: str, *numbers: int) -> None:
        for number in numbers:
            body = {"type": "project.updated", "data": {"subject": subject, "number": number}}
            await insert_events(db, "project.updated", [Event(subject, json.dumps(body))])

    return write


@pytest.fixture
def send(sender) -> Callable[..., Awaitable[None]]:
    """Return a function that sends all that is due at a time, which is now unless given."""

    async def send(now: datetime | None = None) -> None:
        await sender.start_due(now)
        await sender.wait()

    return send


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC)
