"""GET /me/export.json: everything that the board keeps about one, as it goes out of PostgreSQL."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from typing import Any

from asyncpg import Pool, Record
from quart import Blueprint, Response
from quart.typing import ResponseReturnValue

from app.accounts.guard import sign_in_first
from app.accounts.sessions import signed_in_user
from app.accounts.settings import queries
from app.services import services

blueprint = Blueprint("export", __name__)

CHUNK = 1_000
STALLED_SECONDS = 30.0
# An export may scan the event log and holds a connection meanwhile: one at a time in a process.
_turn = asyncio.Semaphore(1)


@blueprint.get("/me/export.json")
async def export() -> ResponseReturnValue:
    user = signed_in_user()
    if user is None:
        return sign_in_first("/me/settings")
    headers = {
        "Content-Disposition": f'attachment; filename="upvote-{user.username}.json"',
        "Cache-Control": "no-store",
    }
    pieces = _while_read(_write(services().db, user.id))
    response = Response(pieces, mimetype="application/json", headers=headers)
    response.timeout = None  # as long as it takes
    return response


async def _while_read(pieces: AsyncGenerator[bytes]) -> AsyncIterator[bytes]:
    """The pieces; a reader that takes none for long is cut off, since others wait for their turn."""
    writer, loop = asyncio.current_task(), asyncio.get_running_loop()
    assert writer is not None
    async with aclosing(pieces):
        async for piece in pieces:
            cut_off = loop.call_later(STALLED_SECONDS, writer.cancel)
            try:
                yield piece
            finally:
                cut_off.cancel()


async def _write(db: Pool, user_id: int) -> AsyncGenerator[bytes]:
    """One JSON object of one moment, a piece at a time."""
    async with (
        _turn,
        db.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        profile = await queries.select_profile(connection, user_id)
        yield f'{{\n"profile": {_json(dict(profile))}'.encode()
        for name in queries.EXPORTS:
            yield f',\n"{name}": ['.encode()
            comma = ""
            async for rows in queries.select_export(connection, name, user_id, CHUNK):
                yield (comma + _lines(rows)).encode()
                comma = ","
            yield b"\n]"
        yield b"\n}\n"


def _lines(rows: Sequence[Record]) -> str:
    return ",".join(f"\n{_json(dict(row))}" for row in rows)


def _json(found: dict[str, Any]) -> str:
    return json.dumps(found, ensure_ascii=False, default=str)
