"""A page's live stream: how often it is asked for, and what it makes up for."""

import asyncio

from playwright.async_api import Page

from app.voting.votes import Vote
from e2e.widget import Widget, open_still
from tests.waiting import until
from workers.sync_tallies import sync_tallies

# Keeps the page's streams, so that a test knows which have ended.
KEEP_STREAMS = """
window.streams = [];
window.EventSource = class extends EventSource {
  constructor(...options) {
    super(...options);
    window.streams.push(this);
    this.addEventListener('beat', () => (window.beats = (window.beats ?? 0) + 1));
  }
};
"""
ALL_ENDED = "window.streams.every(({readyState}) => readyState === EventSource.CLOSED)"


async def run_for(page: Page, seconds: int) -> None:
    """Move a stopped clock on by a second at a time, after the answers to the streams' requests."""
    for _ in range(seconds):
        await until(lambda: page.evaluate(ALL_ENDED), "for the end of the stream")
        await page.clock.run_for(1000)
    await until(lambda: page.evaluate(ALL_ENDED), "for the end of the stream")


async def test_a_stream_that_is_refused_is_asked_for_less_and_less_often(page, board):
    asked = []

    async def refuse(route) -> None:
        asked.append(route.request.url)
        await route.fulfill(status=401)

    await page.add_init_script(KEEP_STREAMS)
    await page.route("**/live?*", refuse)
    await open_still(page, f"/projects/{(project_id := await board.project())}")
    await run_for(page, 60)
    assert 4 <= len(asked) <= 7
    count, widget = len(asked), Widget(page, project_id)
    await widget.hide()
    await widget.hide(hidden=False)
    await until(lambda: len(asked) == count + 1, "for a request of the page that is shown")


async def test_a_stream_that_has_died_without_a_word_is_opened_again(page, board):
    opened = []

    async def answer_once(reader, writer) -> None:
        opened.append(await reader.readuntil(b"\r\n\r\n"))
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
        writer.write(head + b"event: beat\ndata:[]\n\n")
        await reader.read()
        writer.close()

    server = await asyncio.start_server(answer_once, "127.0.0.1", 0)
    async with server:
        silent = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/live"
        await page.add_init_script(KEEP_STREAMS)
        await page.route("**/live?*", lambda route: route.continue_(url=silent))
        await open_still(page, f"/projects/{await board.project()}")
        await until(lambda: page.evaluate("window.beats === 1"), "for the beat")
        await page.clock.run_for(39_000)
        assert await page.evaluate("window.streams.length") == 1
        await page.clock.run_for(6_000)
        await until(lambda: page.evaluate("window.streams.length === 2"), "for the second stream")
        await until(lambda: len(opened) == 2, "for its request")
        await page.goto("about:blank")


async def test_a_page_that_is_shown_again_has_the_votes_of_a_project_that_is_cold_by_now(
    page, board, batcher, functions, app
):
    project_id, users = await board.project(), await board.users(2)
    await batcher.cast(Vote(project_id, users[0].id, 1))
    await open_still(page, f"/projects/{project_id}")
    widget = Widget(page, project_id)
    await widget.expect(vote=0, score=1, version=1)
    await widget.hide()
    await batcher.cast(Vote(project_id, users[1].id, 1))
    services = app.extensions["upvote"]

    async def is_cold() -> bool:
        await services.persist_events()
        await sync_tallies(services)
        return await functions.cool(project_id, 2, 0)

    await until(is_cold, "for the project to be cold")
    await page.clock.run_for(61_000)
    await widget.hide(hidden=False)
    await widget.expect(vote=0, score=2, version=2)
