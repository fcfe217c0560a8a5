"""GET /live."""

import asyncio
import json

import pytest

from app.voting.votes import Vote
from tests.processes import running_web
from tests.support import client_of


@pytest.mark.parametrize("projects", ["", "x", "1,x", "-1", "1.5", "0", str(2**63), "1," * 101])
async def test_anything_but_a_list_of_projects_is_refused(app, projects):
    answer = await client_of(app).get(f"/live?projects={projects}")
    assert answer.status_code == 422
    assert "1 to 50 project numbers" in await answer.get_data(as_text=True)


async def test_a_stream_over_http_brings_a_vote_within_a_second(settings, board, desk):
    project_id, user = await board.project(), await board.user()
    async with running_web(settings) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET /live?projects={project_id} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        async with asyncio.timeout(10):
            head = await reader.readuntil(b"\r\n\r\n")
            assert b"text/event-stream" in head
            assert b"no-store" in head
            await desk.cast(Vote(project_id, user.id, 1))
            async with asyncio.timeout(2):  # a snapshot of before the vote may come first
                while not (line := await reader.readline()).startswith(b"data: ") or (
                    json.loads(line[6:])[0]["version"] != 1
                ):
                    pass
        writer.close()


async def test_a_web_process_with_open_streams_stops_within_seconds(settings, board):
    project_id = await board.project()
    async with running_web(settings) as port:
        streams = []
        for _ in range(5):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(f"GET /live?projects={project_id} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            await reader.readuntil(b"\r\n\r\n")
            streams.append(writer)
        start = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - start < 6
    for writer in streams:
        writer.close()


async def test_a_client_with_its_share_of_streams_is_told_to_wait(settings, board):
    project_id = await board.project()
    async with running_web(settings, live_streams_max=1) as port:
        answers = []
        for _ in range(2):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(f"GET /live?projects={project_id} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            answers.append(await reader.readuntil(b"\r\n\r\n"))
        assert b" 200 " in answers[0].split(b"\r\n")[0]
        assert b" 429 " in answers[1].split(b"\r\n")[0]
        assert b"retry-after: 10" in answers[1].lower()
