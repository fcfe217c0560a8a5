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
        unset = dict.fromkeys(("now", "from", "until", "begins", "ends"))
        await text(lambda got: unset | {"downvotes": downvotes} in sent_times(got))


async def test_a_change_of_the_time_zone_alone_is_sent_in_words(app, board, organise, quick_ticks):
    times = {"vote_from": "2098-12-05T19:00:00Z", "vote_until": "2098-12-06T00:30:00Z"}
    await organise(timezone="UTC", **times)
    async with open_stream(app, f"/live?projects={await board.project()}", {}) as text:
        await text(lambda got: "Fri 5 Dec 2098, 19:00 UTC" in got)
        await organise(timezone="Asia/Tokyo", **times)
        wanted = {
            "from": "2098-12-06T04:00:00+09:00",
            "until": "2098-12-06T09:30:00+09:00",
            "begins": "Sat 6 Dec 2098, 04:00 JST",
            "ends": "Sat 6 Dec 2098, 09:30 JST",
        }
        await text(lambda got: any(wanted.items() <= each.items() for each in sent_times(got)))


def sent_times(text: str) -> list[dict[str, object]]:
    """Return the data of the events `times` that have arrived completely."""
    events = [event.split("\n") for event in text.split("\n\n")[:-1]]
    return [json.loads(lines[1][6:]) for lines in events if lines[0] == "event: times"]
