"""How the demo's votes are cast."""

import pytest

from app import demo
from app.errors import VotesUnavailable
from app.voting.votes import Vote


class BusyDesk:
    """Takes a vote at the third try."""

    def __init__(self) -> None:
        self.tries = 0

    async def cast(self, vote: Vote) -> None:
        self.tries += 1
        if self.tries < 3:
            raise VotesUnavailable


async def test_a_vote_that_a_busy_machine_refuses_is_cast_again(monkeypatch):
    monkeypatch.setattr(demo, "PAUSE", 0)
    batcher = BusyDesk()
    await demo.cast_patiently(batcher, Vote(1, 1, 1))
    assert batcher.tries == 3


async def test_the_patience_ends(monkeypatch):
    monkeypatch.setattr(demo, "PATIENCE", -1)
    with pytest.raises(VotesUnavailable):
        await demo.cast_patiently(BusyDesk(), Vote(1, 1, 1))
