"""Threats of docs/security.md to secret tallies: one test per threat, with its name."""

from app.voting.votes import Vote
from tests.asgi_calls import Browser, with_middleware
from tests.board.organise import organise
from tests.projects.fresh import stop_the_clock

__all__ = ["organise"]


async def test_a_reader_learns_tallies_while_they_are_secret(
    organise, app, board, batcher, monkeypatch
):
    """Over all routes and every byte: tests/board/test_secrecy.py."""
    stop_the_clock(monkeypatch)  # of the ages of all projects
    project, reader = await board.project(), await board.user()
    await organise(tallies="after_reveal")
    front = with_middleware(app)

    async def read() -> list[str]:
        paths = (f"/projects/{project}", "/?sort=new", f"/api/projects/{project}", "/feed.atom")
        readers = [Browser(front, app), Browser(front, app, reader)]
        return [(await each.get(path)).body for each in readers for path in paths]

    before = await read()
    await batcher.cast(Vote(project, (await board.user()).id, 1))
    assert await read() == before
    for path in ("/?sort=top", "/results"):  # what votes would order
        assert f"/projects/{project}" not in (await Browser(front, app, reader).get(path)).body
