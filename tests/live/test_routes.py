"""GET /live."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from app.voting.votes import Vote
from tests.processes import running_web
from tests.support import client_of
from tests.waiting import CEILING


@pytest.mark.parametrize("projects", ["", "x", "1,x", "-1", "1.5", "0", str(2**63), "1," * 101])
async def test_anything_but_a_list_of_projects_is_refused(app, projects):
    answer = await client_of(app).get(f"/live?projects={projects}")
    assert answer.status_code == 422
    assert "1 to 100 project numbers" in await answer.get_data(as_text=True)


async def test_a_page_of_another_account_gets_no_votes_of_this_one(app, board):
    client = client_of(app, await board.user())
    answer = await client.get(f"/live?projects={await board.project()}&account=kim")
    assert answer.mimetype == "text/event-stream"
    assert await answer.get_data(as_text=True) == "event: other-account\ndata: reload\n\n"


@pytest.fixture(scope="module")
async def port(settings) -> AsyncIterator[int]:
    """Yield the port of a web process that allows an address two streams."""
    async with running_web(settings, live_streams_max=2) as port:
        yield port


async def ask(port: int, project_id: int) -> tuple[bytes, asyncio.StreamReader, asyncio.StreamWriter]:
    """Return the head of the response, and the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET /live?projects={project_id} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    async with asyncio.timeout(CEILING):
        return await reader.readuntil(b"\r\n\r\n"), reader, writer


async def test_a_vote_arrives_on_a_stream_over_http(port, board, batcher):
    """It arrives with the next tick; ticks come twice a second (test_hub.py)."""
    project_id, user = await board.project(), await board.user()
    head, reader, writer = await ask(port, project_id)
    assert b"text/event-stream" in head
    assert b"no-store" in head
    await batcher.cast(Vote(project_id, user.id, 1))
    async with asyncio.timeout(CEILING):  # a snapshot from before the vote may come first
        while not (line := await reader.readline()).startswith(b"data: ") or (
            json.loads(line[6:])[0]["version"] != 1
        ):
            pass
    writer.close()


async def test_a_client_with_too_many_streams_gets_429(port, board):
    project_id = await board.project()
    heads, writers = [], []
    for _ in range(3):
        head, _, writer = await ask(port, project_id)
        heads.append(head.lower())
        writers.append(writer)
    assert [head.split()[1] for head in heads] == [b"200", b"200", b"429"]
    assert b"retry-after: 10" in heads[2]
    for writer in writers:
        writer.close()


async def test_a_web_process_with_open_streams_ends_them_and_stops(settings, board):
    """It does not wait for its readers, which would stay for as long as it runs."""
    project_id = await board.project()
    async with running_web(settings) as port:
        streams = [await ask(port, project_id) for _ in range(5)]
    for _, reader, writer in streams:
        assert (await reader.read()).endswith(b"\r\n0\r\n\r\n")
        writer.close()
