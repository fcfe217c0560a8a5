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
        # The stream may also have been sent how the board was changed before.
        wanted = {"now": None, "from": None, "until": None, "downvotes": downvotes}
        await text(lambda got: wanted in sent_times(got))


def sent_times(text: str) -> list[dict[str, object]]:
    """Return the data of the events `times` that have arrived completely."""
    events = [event.split("\n") for event in text.split("\n\n")[:-1]]
    return [json.loads(lines[1][6:]) for lines in events if lines[0] == "event: times"]
