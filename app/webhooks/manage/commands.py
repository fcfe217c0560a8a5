"""Adds, lists and removes webhooks for `upvote webhook add`, `list` and `remove`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from app.errors import OperatorError
from app.settings import Settings
from app.storage.connections import open_database
from app.storage.timeouts import within
from app.webhooks import MOST_WEBHOOKS, TYPES
from app.webhooks.addresses import BadAddress, Resolver, UnknownName, read_url, shown_url
from app.webhooks.manage import queries
from app.webhooks.manage.state import WebhookState, read_states
from app.webhooks.signing import new_secret

PORTS = {"http": 80, "https": 443}
LOOK_UP_SECONDS = 5.0
NOT_CHANGED = "Nothing has changed."


@dataclass(frozen=True)
class Added:
    """A new webhook, and what its operator should know about its address; "" for nothing."""

    id: int
    secret: str
    warning: str


async def add(settings: Settings, text: str, events: str) -> Added:
    """Add a webhook for a comma-separated list of events, "" for all. Raises OperatorError."""
    kinds = _parse_events(events)
    try:
        url = read_url(text, allow_private=settings.webhooks_private)
    except BadAddress as error:
        raise OperatorError(f"{error}. {NOT_CHANGED}") from None
    warning = await _look_up(settings, url)
    secret = new_secret()
    async with await open_database(settings) as pool, pool.acquire() as db, db.transaction():
        if await queries.count_webhooks(db) >= MOST_WEBHOOKS:
            raise OperatorError(
                f"a board can have at most {MOST_WEBHOOKS} webhooks: remove one first. {NOT_CHANGED}"
            )
        webhook_id = await queries.insert_webhook(db, url, secret, kinds)
        shown_events = "all events" if len(kinds) == len(TYPES) else ", ".join(kinds)
        await queries.insert_webhook_action(
            db, f"webhook {webhook_id}: added {shown_url(url)} for {shown_events}"
        )
    return Added(webhook_id, secret, warning)


async def list_webhooks(settings: Settings) -> list[WebhookState]:
    async with await open_database(settings) as db:
        return await read_states(db)


async def remove(settings: Settings, text: str) -> None:
    """Remove a webhook and what waits for it. Raises OperatorError."""
    webhook_id = int(text) if text.isdecimal() and len(text) < 19 else 0
    async with await open_database(settings) as pool, pool.acquire() as db, db.transaction():
        url = await queries.delete_webhook(db, webhook_id)
        if url is None:
            raise OperatorError(
                f"there is no webhook {text!r}: upvote webhook list shows their numbers. {NOT_CHANGED}"
            )
        await queries.insert_webhook_action(db, f"webhook {webhook_id}: removed {shown_url(url)}")


def as_json(state: WebhookState) -> dict[str, Any]:
    """Return a webhook for programs, without its secret."""
    return {
        "id": state.id,
        "url": state.url,
        "events": state.events,
        "created_at": state.created_at.isoformat(),
        "disabled_at": state.disabled_at and state.disabled_at.isoformat(),
        "waiting": state.waiting,
        "failing": state.failing,
        "given_up": state.given_up,
        "problem": state.problem,
        "delivered_at": state.delivered_at and state.delivered_at.isoformat(),
    }


def _parse_events(text: str) -> Sequence[str]:
    if not text.strip():
        return TYPES
    named = [name.strip() for name in text.split(",") if name.strip()]
    if unknown := [name for name in named if name not in TYPES]:
        raise OperatorError(
            f"there is no event {unknown[0]!r}. The events are {', '.join(TYPES)}. {NOT_CHANGED}"
        )
    return [name for name in TYPES if name in named]


async def _look_up(settings: Settings, url: str) -> str:
    """Return a warning if the name is not found now, or not in time. Raises OperatorError if it is
    private.
    """
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
    checking = Resolver(allow_private=settings.webhooks_private)
    try:
        async with within(LOOK_UP_SECONDS):
            await checking.addresses(host, port)
    except TimeoutError:
        return f"the name {host} was not looked up within {LOOK_UP_SECONDS:g} s"
    except UnknownName as error:
        return str(error)
    except BadAddress as error:
        raise OperatorError(f"{error}. {NOT_CHANGED}") from None
    finally:
        checking.close()
    return ""
