"""Threats of docs/security.md to private boards: one test per threat, with its name."""

from tests.asgi_calls import Browser, with_middleware
from tests.board.organise import organise

__all__ = ["organise"]


async def test_a_stranger_reads_a_private_board(organise, app, board):
    """Over all routes: tests/accounts/test_strangers.py."""
    project, account = await board.project(), await board.user()
    await organise(private="yes")
    front = with_middleware(app)
    for path in ("/", f"/projects/{project}", "/projects/9000001", f"/users/{account.username}"):
        assert (await Browser(front, app).get(path)).status == 303
        cached = await Browser(front, app).get(path, **{"if-none-match": "*"})
        assert cached.status == 303
    refused = [await Browser(front, app).get(f"/api/projects/{n}") for n in (project, 9_000_001)]
    assert [answer.status for answer in refused] == [401, 401]
    assert refused[0].body == refused[1].body
    assert (await Browser(front, app).vote(project, 1)).status == 401
    assert (await Browser(front, app, account).get(f"/projects/{project}")).status == 200
