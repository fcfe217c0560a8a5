"""Fixtures of tests that send bytes on one connection: the connection, and votes as bytes."""

import pytest

from tests.fast_client import Client, FastVotesApp
from tests.support import session_cookie

HEAD = (
    "POST /projects/{project}/vote HTTP/1.1\r\nHost: localhost\r\nHX-Request: true\r\n{more}"
    "Content-Type: application/x-www-form-urlencoded\r\nCookie: upvote_session={cookie}\r\n"
    "Content-Length: 7\r\n\r\n"
)


@pytest.fixture
async def vote(free_app, board):
    """The bytes of a vote; each call is by somebody else."""
    project_id = await board.project()

    async def vote(more: str = "") -> bytes:
        cookie = session_cookie(free_app, await board.user())
        return HEAD.format(project=project_id, cookie=cookie, more=more).encode() + b"value=1"

    return vote


@pytest.fixture
async def client(free_app) -> Client:
    return FastVotesApp(free_app).connect()
