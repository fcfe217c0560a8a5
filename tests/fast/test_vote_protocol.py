"""A connection answers votes from their bytes, leaves the rest to Quart, and limits slow clients."""

import asyncio
import gc
from logging import DEBUG
from types import SimpleNamespace

import pytest

from app.fast import votes
from app.server import deadlines
from app.server.deadlines import Phase
from app.server.slow_clients import MAX_HEAD_BYTES
from tests.connection_fixtures import HEAD, client, vote
from tests.fast_client import Client, FastVotesApp, status
from tests.support import session_cookie
from tests.waiting import CEILING

__all__ = ["client", "vote"]


def is_quarts(client: Client) -> bool:
    """Whether Quart had a part in the last answer."""
    return client.connection.cycle is not None


async def test_a_vote_is_answered_without_quart_and_the_next_one_too(client, vote):
    for _ in range(2):
        client.send(await vote())
        assert await status(client) == 200
        assert not is_quarts(client)


async def test_a_process_that_drains_answers_a_vote_as_fast_and_closes_the_connection(
    client, vote, monkeypatch
):
    """So the next vote goes to another process. Quart could not answer a thousand a second."""
    monkeypatch.setattr(client.connection, "is_draining", lambda: True)
    client.send(await vote())
    async with asyncio.timeout(CEILING):
        head = await client.answer.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert b"\r\nconnection: close\r\n" in head
    assert client.closing
    assert not is_quarts(client)


async def test_while_the_log_tells_each_vote_quart_does_with_its_requests_id(
    free_app, vote, monkeypatch
):
    monkeypatch.setattr(votes, "log", SimpleNamespace(is_enabled_for=lambda level: level == DEBUG))
    client = FastVotesApp(free_app).connect()
    client.send(await vote())
    assert await status(client) == 200
    assert is_quarts(client)


async def test_a_vote_in_pieces_is_answered_by_quart(client, vote):
    data = await vote()
    for start in range(0, len(data), 50):
        client.send(data[start : start + 50])
    assert await status(client) == 200
    assert is_quarts(client)
    client.send(await vote())
    assert await status(client) == 200


async def test_who_does_not_wait_gets_every_answer_in_order(client, vote):
    sent = [await vote(), b"GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n", await vote()]
    for data in sent:
        client.send(data)
    assert [await status(client) for _ in sent] == [200, 404, 200]


async def test_the_body_of_a_get_is_no_request(client, vote):
    hidden = await vote()
    head = f"GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(hidden)}\r\n\r\n"
    client.send(head.encode() + hidden)
    client.send(b"GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert [await status(client), await status(client)] == [200, 404]  # and no vote in between


async def test_two_votes_in_one_piece_are_both_answered(client, vote):
    client.send(await vote() + await vote())
    assert [await status(client), await status(client)] == [200, 200]


@pytest.mark.parametrize(
    "more",
    [
        "Transfer-Encoding: chunked\r\n",
        "Expect: 100-continue\r\n",
        "Connection: close\r\n",
        "Host: evil.example\r\n",
        "Content-Length: 9\r\n",
        "Cookie: upvote_session=other\r\n",
        " folded\r\n",
        "Bad Name: x\r\n",
        "No-Colon\r\n",
        "Nul: \x00\r\n",
        "HX-Request: true\r\n" * 100,
    ],
)
async def test_an_unusual_request_is_never_taken_by_the_fast_path(client, vote, more, monkeypatch):
    monkeypatch.setattr(client.connection.fast_votes, "cast", lambda *_: pytest.fail("taken"))
    client.send(await vote(more))
    client.hang_up()


async def test_a_client_that_is_gone_costs_nobody_else_an_answer(free_app, vote):
    fast_app = FastVotesApp(free_app)
    gone, other = fast_app.connect(), fast_app.connect()
    gone.send(await vote())
    gone.hang_up()
    other.send(await vote())
    assert await status(other) == 200


async def test_a_vote_under_way_is_answered_before_the_server_ends(client, vote):
    client.send(await vote())
    client.connection.shutdown()
    assert not client.closing
    assert await status(client) == 200
    assert client.closing


async def test_a_server_that_ends_hangs_up_on_who_rests(client):
    client.connection.shutdown()
    assert client.closing


@pytest.mark.parametrize(
    "start", [b"", b"GET / HTTP/1.1\r\nHost: loc", b"POST /login HTTP/1.1\r\nHost: x"]
)
async def test_who_never_ends_a_request_is_hung_up_on(free_app, monkeypatch, start):
    monkeypatch.setattr(deadlines, "RECEIVE_SECONDS", 0.05)
    client = FastVotesApp(free_app).connect()
    if start:
        client.send(start)
        assert await status(client) == 408
    else:
        assert await asyncio.wait_for(client.answer.read(), CEILING) == b""
    assert client.closing


async def test_a_body_that_does_not_come_is_not_waited_for(free_app, vote, monkeypatch):
    monkeypatch.setattr(deadlines, "RECEIVE_SECONDS", 0.05)
    data = (await vote())[:-3]
    client = FastVotesApp(free_app).connect()
    client.send(data)
    assert await status(client) == 408
    assert client.closing


async def test_a_whole_request_ends_the_wait(free_app, vote):
    data = await vote()
    client = FastVotesApp(free_app).connect()
    client.send(data)
    assert await status(client) == 200
    assert client.connection._phase is Phase.IDLE
    assert not client.closing


async def test_a_head_without_end_is_refused(client):
    client.send(b"GET / HTTP/1.1\r\n")
    while not client.closing:
        client.send(b"X: " + b"y" * 8000 + b"\r\n")
        assert client.connection._bytes_since_body < MAX_HEAD_BYTES + 10_000
    assert await status(client) == 431


async def test_what_is_no_http_is_refused_with_every_header(client):
    client.send(b"\x16\x03\x01 hello\r\n\r\n")
    answer = await asyncio.wait_for(client.answer.read(), CEILING)
    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"content-security-policy" in answer


async def test_who_rests_between_votes_is_kept_and_then_let_go(client, vote):
    for seconds, is_kept in ((3600, True), (0.05, False)):
        client.connection.timeout_keep_alive = seconds
        client.send(await vote())
        assert await status(client) == 200
        client.connection._time_out()
        assert client.closing is False
        if not is_kept:
            assert await asyncio.wait_for(client.answer.read(), CEILING) == b""
            assert client.closing


async def test_the_failure_of_a_vote_whose_client_is_gone_is_no_line_of_the_log(free_app, board):
    said = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: said.append(context))
    cookie = session_cookie(free_app, await board.user())
    data = HEAD.format(project=2**40, cookie=cookie, more="").encode() + b"value=1"
    gone = FastVotesApp(free_app).connect()
    gone.send(data)
    gone.hang_up()
    stays = FastVotesApp(free_app).connect()
    stays.send(data)
    assert await status(stays) == 404
    stays.hang_up()
    gc.collect()
    asyncio.get_running_loop().set_exception_handler(None)
    assert said == []


async def test_the_refusal_of_a_vote_is_not_the_answer_to_a_later_one(client, vote, free_app, board):
    cookie = session_cookie(free_app, await board.user())
    client.send(HEAD.format(project=2**40, cookie=cookie, more="").encode() + b"value=1")
    assert await status(client) == 404
    data = await vote()
    for piece in (data[:50], data[50:]):
        client.send(piece)
    assert await status(client) == 200
