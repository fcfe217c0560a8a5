"""Tracks in tests, removed afterwards, since tests share the board."""

from collections.abc import AsyncIterator, Awaitable, Callable

import asyncpg
import pytest
from quart import Quart

from app.board.change_tracks import add_track

AddTracks = Callable[..., Awaitable[None]]


@pytest.fixture
async def tracks(app: Quart, free_app: Quart, db: asyncpg.Pool) -> AsyncIterator[AddTracks]:
    """Return a function that adds tracks, slug=name; all apps know them when it returns."""
    boards = [each.extensions["upvote"].board for each in (app, free_app)]

    async def refresh() -> None:
        for board in boards:
            await board.refresh()

    async def add(**names: str) -> None:
        for slug, name in names.items():
            await add_track(boards[0], None, slug, name)
        await refresh()

    yield add
    await db.execute("UPDATE projects SET track_id = NULL WHERE track_id IS NOT NULL")
    await db.execute("DELETE FROM tracks")
    await db.execute("UPDATE board_settings SET revision = revision + 1")
    await refresh()
