"""/metrics of a board that hides something says which servers are away, and no votes to strangers."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from quart import Quart

from app.board.board import Board
from app.main import create_app
from app.settings import Settings
from tests.asgi_calls import ask, with_middleware
from tests.board.organise import organise

__all__ = ["organise"]

NO_DATABASE = "postgresql://upvote@127.0.0.1:1/upvote"
TOKEN = {"authorization": "Bearer uv_this-may-be-an-admins"}
HIDDEN = [({"private": True}, 401), ({"tallies": "after_reveal"}, 403)]

pytestmark = pytest.mark.parametrize(("hidden", "refused"), HIDDEN)


@asynccontextmanager
async def board_without_postgresql(
    settings: Settings, url: str, hidden: dict[str, object]
) -> AsyncIterator[Quart]:
    """Yield a board whose settings are known from before PostgreSQL went away."""
    async with create_app(settings.model_copy(update={"database_url": url})).test_app() as serving:
        board: Board = serving.app.extensions["upvote"].board
        board.settings, board.known = replace(board.settings, **hidden), True
        yield serving.app


async def assert_says_that_postgresql_is_away(app: Quart) -> None:
    answer = await ask(with_middleware(app), "GET", "/metrics", TOKEN)
    assert answer.status == 200
    assert "upvote_postgresql_up 0.0" in answer.body
    for counts_votes in ("upvote_votes", "upvote_vote_latency", "upvote_events", "upvote_job"):
        assert counts_votes not in answer.body


async def test_a_token_that_cannot_be_checked_is_told_which_servers_are_away(settings, hidden, refused):
    async with board_without_postgresql(settings, NO_DATABASE, hidden) as app:
        await assert_says_that_postgresql_is_away(app)


async def test_it_is_so_too_while_postgresql_hangs(settings, hidden, refused):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://me@127.0.0.1:{silent.getsockname()[1]}/upvote"
        async with board_without_postgresql(settings, url, hidden) as app:
            await assert_says_that_postgresql_is_away(app)


async def test_nobody_is_let_in_without_a_token_meanwhile(settings, hidden, refused):
    async with board_without_postgresql(settings, NO_DATABASE, hidden) as app:
        answer = await ask(with_middleware(app), "GET", "/metrics")
    assert answer.status == refused
    assert "upvote_" not in answer.body


async def test_a_token_that_is_wrong_is_refused_while_it_can_be_checked(app, organise, hidden, refused):
    await organise(**{key: "yes" if value is True else value for key, value in hidden.items()})
    assert (await ask(with_middleware(app), "GET", "/metrics", TOKEN)).status == refused
