"""Open pages are sent the times of voting, and whether people may vote down, when these change."""

import json

import pytest

from tests.board.every_route import open_stream
from tests.board.organise import organise

__all__ = ["organise"]


@pytest.fixture
def quick_ticks(app, monkeypatch):
    monkeypatch.setattr(app.extensions["upvote_hub"], "tick_seconds", 0.01)


@pytest.mark.parametrize("downvotes", [False, True])
async def test_an_open_stream_is_sent_a_change_of_downvotes(
    app, board, organise, quick_ticks, downvotes
):
    await organise(downvotes="no" if downvotes else "yes")
    async with open_stream(app, f"/live?projects={await board.project()}", {}) as text:
        await text(bool)
        await organise(downvotes="yes" if downvotes else "no")
        got = await text(lambda got: "event: times" in got)
    data = got.split("event: times\ndata: ")[1].split("\n")[0]
    times = {"now": None, "from": None, "until": None}
    assert json.loads(data) == times | {"downvotes": downvotes}
