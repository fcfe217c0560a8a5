"""Results of very many votes are kept for a while; others are always counted anew."""

import asyncio
from dataclasses import replace

import pytest

from app.event import shared_results
from app.event.queries import Totals
from app.event.results import Results
from app.event.shared_results import MANY_VOTES, SharedResults
from app.web import asking_again
from app.web.bounded import Busy
from tests.support import client_of
from tests.waiting import until


class Counter:
    """A stand-in for counting; each count takes until the test lets it end, and one vote came in."""

    def __init__(self, votes: int) -> None:
        self.results = Results(None, [], [], Totals(votes, 1), None)
        self.listed = (0, 0)  # as in these results
        self.counts = self.asked = 0
        self.may_end = asyncio.Event()
        self.may_end.set()

    async def count(self, _: object) -> Results:
        self.counts += 1
        await self.may_end.wait()
        totals = self.results.totals
        self.results = replace(self.results, totals=replace(totals, votes=totals.votes + 1))
        return self.results

    async def end(self) -> None:
        self.may_end.set()

    async def ask_listed(self, _: object) -> tuple[int, int]:
        self.asked += 1
        return self.listed

    def shared(self) -> SharedResults:
        return SharedResults(self.count, self.ask_listed)


@pytest.fixture
def many() -> Counter:
    return Counter(MANY_VOTES)


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(shared_results, "WAIT_SECONDS", 0.1)


async def test_results_of_few_votes_are_counted_each_time():
    counter = Counter(10)
    shared = counter.shared()
    assert [(await shared.get(None)).totals.votes for _ in range(3)] == [11, 12, 13]


async def test_results_of_many_votes_are_kept_for_a_while(many, monkeypatch):
    monkeypatch.setattr(shared_results, "REST", 1e9)
    shared = many.shared()
    assert await shared.get(None) is await shared.get(None)
    monkeypatch.setattr(shared_results, "REST", -1)  # the next ones are old at once
    shared = many.shared()
    assert await shared.get(None) is not await shared.get(None)


async def test_results_with_a_project_that_was_hidden_are_not_shown(many, impatient, monkeypatch):
    monkeypatch.setattr(shared_results, "REST", 1e9)
    shared = many.shared()
    first = await shared.get(None)
    many.listed = (1, 7)
    assert await shared.get(None) is not first
    many.may_end.clear()
    with pytest.raises(Busy):
        await shared.get(None)
    many.may_end.set()


async def test_who_asks_after_a_project_was_hidden_joins_no_count_from_before(many):
    many.may_end.clear()
    shared = many.shared()
    before = asyncio.create_task(shared.get(None))
    await until(lambda: many.counts == 1)
    many.listed = (1, 7)
    after, _ = await asyncio.gather(shared.get(None), many.end())
    assert after is not await before
    assert many.counts == 2


async def test_one_count_is_enough_for_all_who_asked_before_it_began(many):
    many.may_end.clear()
    shared = many.shared()
    first = asyncio.create_task(shared.get(None))
    await until(lambda: many.counts == 1)
    waiting = []
    for many.listed in ((1, 7), (2, 9), (3, 12)):  # a project comes in each time
        waiting.append(asyncio.create_task(shared.get(None)))
        await until(lambda: many.asked == len(waiting) + 1)
    assert many.counts == 1  # the next one begins when this one has ended
    many.may_end.set()
    results = await asyncio.gather(*waiting)
    assert len(set(map(id, results))) == 1
    assert results[0] is not await first
    assert many.counts == 2


async def test_the_results_of_very_many_votes_lose_a_hidden_project_at_once(event, monkeypatch):
    monkeypatch.setattr(shared_results, "MANY_VOTES", 0)
    monkeypatch.setattr(shared_results, "REST", 1e9)
    hidden, _ = await event.project("Hidden", 1), await event.project("Shown", 1)
    await event.services.persist_events()
    for titles in (["Hidden", "Shown"], ["Shown"]):
        _, text = await event.get("/results.csv")
        assert [title for title in ("Hidden", "Shown") if title in text] == titles
        await event.execute("UPDATE projects SET hidden_at = now() WHERE id = $1", hidden)


async def test_who_waits_too_long_is_told_and_a_later_request_gets_the_results(many, impatient):
    many.may_end.clear()
    shared = many.shared()
    with pytest.raises(Busy, match="take some seconds to count"):
        await shared.get(None)
    many.may_end.set()
    assert (await shared.get(None)).totals.votes == MANY_VOTES + 1
    assert many.counts == 1


async def test_the_last_results_are_shown_while_they_are_counted_again(many, impatient, monkeypatch):
    monkeypatch.setattr(shared_results, "REST", -1)
    shared = many.shared()
    first = await shared.get(None)
    many.may_end.clear()
    assert await shared.get(None) is first
    many.may_end.set()
    await until(lambda: many.results is not first)
    assert (await shared.get(None)).totals.votes > first.totals.votes


async def test_results_that_are_too_old_are_not_shown(many, impatient, monkeypatch):
    monkeypatch.setattr(shared_results, "REST", -1)
    monkeypatch.setattr(shared_results, "OLDEST_SECONDS", 0)
    shared = many.shared()
    await shared.get(None)
    many.may_end.clear()
    with pytest.raises(Busy):
        await shared.get(None)
    many.may_end.set()


@pytest.fixture
def counting(event, impatient, monkeypatch):
    """A count of the results that does not end before the test."""
    counter = Counter(1)
    counter.may_end.clear()
    monkeypatch.setattr(event.app.extensions["upvote_event"], "_shared", counter.shared())
    yield counter
    counter.may_end.set()


@pytest.mark.parametrize("path", ["/results", "/results.csv?track=", "/results.svg"])
async def test_a_browser_asks_again_until_the_results_are_counted(event, counting, path):
    client = client_of(event.app)
    first = await client.get(path)
    assert first.status_code == 307
    again = first.headers["Location"]
    assert again.partition("?")[0] == path.partition("?")[0]
    assert again.endswith("turn=1")
    counting.may_end.set()
    await until(lambda: counting.counts)
    assert (await client.get(again)).status_code == 200


LAST = f"turn={asking_again.TURNS}"


@pytest.mark.parametrize("path", [f"/results?{LAST}", f"/results.csv?{LAST}", "/api/results"])
async def test_programs_and_who_has_waited_long_are_told_when_to_try_again(event, counting, path):
    status, text = await event.get(path)
    assert status == 503
    assert "So many votes take some seconds to count. Try again in a few seconds." in text
    if not path.startswith("/api/"):
        assert LAST not in text  # the link begins anew
