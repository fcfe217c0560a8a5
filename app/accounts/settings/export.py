"""GET /me/export.json: everything that the board stores about a user, streamed from PostgreSQL."""

import asyncio
import json
from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import aclosing
from typing import Any

from asyncpg import Pool, Record
from quart import Blueprint, Response
from quart.typing import ResponseReturnValue

from app.accounts.guard import require_user
from app.accounts.settings import queries
from app.accounts.state import accounts
from app.accounts.suspended import not_suspended_page, read_suspended_account
from app.services import services
from app.storage.queries import allow_idle_transaction
from app.storage.timeouts import IDLE_READER_SECONDS
from app.web.bounded import Bounded
from app.web.strangers import open_to_strangers

blueprint = Blueprint("export", __name__)

CHUNK = 100  # rows; a thousand take the process 6 ms
# What others' votes change: null while tallies are secret.
TALLIES = ("upvotes", "downvotes", "version")
STALLED_SECONDS = 30.0
# An export may scan the event log and holds a connection meanwhile, so a process runs one at a time.
exporting = Bounded("Too many people are exporting their data right now.", at_once=1, waiting=2)


@blueprint.get("/me/export.json")
async def export() -> ResponseReturnValue:
    user = require_user("/me/settings")
    with_tallies = accounts().sees_tallies(user.id)
    return await _export_of(user.id, user.username, with_tallies=with_tallies)


@blueprint.post("/suspended/export.json")
@open_to_strangers
async def export_suspended() -> ResponseReturnValue:
    """Export the data of a suspended account, which has no session, for its name and password."""
    account = await read_suspended_account()
    if account is None:
        return await not_suspended_page(), 422
    with_tallies = accounts().sees_tallies(None)  # a suspended admin is none
    return await _export_of(account.id, account.username, with_tallies=with_tallies)


async def _export_of(user_id: int, username: str, *, with_tallies: bool) -> Response:
    headers = {
        "Content-Disposition": f'attachment; filename="upvote-{username}.json"',
        "Cache-Control": "no-store",
    }
    pieces = _cancel_if_stalled(write_export(services().db, user_id, with_tallies=with_tallies))
    first = await anext(pieces)  # raises Busy before the response has begun
    response = Response(_chain(first, pieces), mimetype="application/json", headers=headers)
    response.timeout = None  # an export may take any time
    return response


async def _chain(first: bytes, rest: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    async with aclosing(rest):
        yield first
        async for piece in rest:
            yield piece


async def _cancel_if_stalled(pieces: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
    """Yield the pieces; cancel the export if the client reads nothing for STALLED_SECONDS.

    Other exports wait meanwhile.
    """
    writer, loop = asyncio.current_task(), asyncio.get_running_loop()
    assert writer is not None
    async with aclosing(pieces):
        async for piece in pieces:
            timer = loop.call_later(STALLED_SECONDS, writer.cancel)
            try:
                yield piece
            finally:
                timer.cancel()


async def write_export(db: Pool, user_id: int, *, with_tallies: bool) -> AsyncGenerator[bytes]:
    """Yield one JSON object in pieces, from one snapshot of the database.

    What others' votes change is null without `with_tallies`.
    """
    hidden = () if with_tallies else TALLIES
    async with (
        exporting,
        db.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        await allow_idle_transaction(connection, IDLE_READER_SECONDS)
        profile = await queries.select_profile(connection, user_id)
        yield f'{{\n"profile": {_json(dict(profile))}'.encode()
        for name in queries.EXPORTS:
            yield f',\n"{name}": ['.encode()
            comma = ""
            async for rows in queries.select_export(connection, name, user_id, CHUNK):
                yield (comma + _lines(rows, hidden)).encode()
                comma = ","
            yield b"\n]"
        yield b"\n}\n"


def _lines(rows: Sequence[Record], hidden: Collection[str]) -> str:
    return ",".join(f"\n{_json(_without(hidden, dict(row)))}" for row in rows)


def _without(hidden: Collection[str], found: dict[str, Any]) -> dict[str, Any]:
    return {name: None if name in hidden else value for name, value in found.items()}


def _json(found: dict[str, Any]) -> str:
    return json.dumps(found, ensure_ascii=False, default=str)
