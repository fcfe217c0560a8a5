"""Expensive operations: a bounded number runs at once, some wait, the others get 503."""

import asyncio
import time

import pytest

from app.accounts import hash_line, passwords
from app.accounts.settings import export
from app.projects.search import routes as search
from app.web import asking_again
from app.web.bounded import Bounded, Busy
from app.web.refusals import count_refusals
from tests.asgi_calls import FORM, ask
from tests.support import session_cookie
from tests.waiting import CEILING, until


class Counter:
    """A stand-in for an expensive call, which lasts until the test lets it end."""

    def __init__(self) -> None:
        self.running = self.most = self.ended = 0
        self.may_end = asyncio.Event()

    async def run(self) -> None:
        self.running += 1
        self.most = max(self.most, self.running)
        await self.may_end.wait()
        self.running -= 1
        self.ended += 1


@pytest.fixture
def counter() -> Counter:
    return Counter()


async def in_turn(counter: Counter, bounded: Bounded) -> None:
    async with bounded:
        await counter.run()


async def test_those_beyond_the_queue_are_refused_at_once(counter):
    bounded, before = Bounded("Full.", at_once=2, waiting=3), count_refusals()
    tasks = [asyncio.create_task(in_turn(counter, bounded)) for _ in range(9)]
    await until(lambda: sum(task.done() for task in tasks) == 4)
    counter.may_end.set()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(result) for result in results] == [type(None)] * 5 + [Busy] * 4
    assert (counter.most, counter.ended) == (2, 5)
    assert count_refusals() - before == 4
    await in_turn(counter, bounded)  # there is room again


async def test_whoever_stops_waiting_makes_room(counter):
    bounded = Bounded("Full.", at_once=1, waiting=1)
    running, waiting = (asyncio.create_task(in_turn(counter, bounded)) for _ in range(2))
    await until(lambda: counter.running)
    waiting.cancel()
    await asyncio.wait([waiting])
    other = asyncio.create_task(in_turn(counter, bounded))
    counter.may_end.set()
    await asyncio.gather(running, other)
    assert counter.ended == 2


async def test_a_busy_process_lets_nobody_wait_in_line_for_longer():
    """Otherwise answers would take many times this long, and then as long as the operation."""
    bounded, rounds = Bounded("Full.", at_once=1, waiting=1, seconds=0.3), 0
    async with bounded:
        waiting = asyncio.create_task(bounded.__aenter__())
        while not waiting.done():
            time.sleep(0.03)  # noqa: ASYNC251 - the event loop is late, as beside much work
            rounds += 1
            await asyncio.sleep(0)
    with pytest.raises(Busy):
        await waiting
    assert rounds <= 15  # of at least 0.03 s


async def test_who_has_waited_too_long_for_a_slow_operation_leaves_the_turn_to_others(counter):
    bounded = Bounded("Full.", at_once=1, waiting=2, seconds=CEILING)
    first = asyncio.create_task(in_turn(counter, bounded))
    await until(lambda: counter.running)
    bounded.useful_seconds = 0.01
    late = asyncio.create_task(in_turn(counter, bounded))
    await asyncio.sleep(0)  # it waits in line
    await until(lambda: not bounded._slots._waiters)
    bounded.useful_seconds = CEILING
    new = asyncio.create_task(in_turn(counter, bounded))
    counter.may_end.set()
    await asyncio.gather(first, new)
    assert not late.done()
    late.cancel()
    await asyncio.wait([late])
    await in_turn(counter, bounded)  # nobody holds a place any more


def test_one_waits_the_less_for_a_hash_the_longer_it_takes():
    waits = [hash_line.useful_seconds(took) for took in (0.05, 0.2, 0.6, 1.0, 60.0)]
    assert waits == pytest.approx([1.0, 1.0, 0.6, 0.2, 0.1])


async def statuses(app, bounded: Bounded, counter: Counter, *request) -> list[int]:
    """Send more requests at once than may run and wait; return the statuses, those of refused first."""
    refused = 5
    left = bounded.at_once + bounded.waiting
    tasks = [asyncio.create_task(ask(app, *request)) for _ in range(left + refused)]
    await until(lambda: sum(task.done() for task in tasks) == refused)
    answers = [task.result() for task in tasks if task.done()]
    for answer in answers:
        assert answer.headers["retry-after"] == "3"
        assert bounded.reason in answer.body
    await until(lambda: counter.running == bounded.at_once)
    counter.may_end.set()
    answers += await asyncio.gather(*[task for task in tasks if not task.done()])
    assert (counter.most, counter.ended) == (bounded.at_once, left)
    return [answer.status for answer in answers]


@pytest.mark.parametrize(("part", "found"), [("select_matches", []), ("render_template", "A page.")])
async def test_searches_and_their_pages_are_bounded(free_app, counter, monkeypatch, part, found):
    async def stand_in(*_, **__):
        await counter.run()
        return found

    monkeypatch.setattr(search, part, stand_in)
    answered = await statuses(free_app, search.searching, counter, "GET", "/search?q=train")
    assert answered == [503] * 5 + [200] * 9


async def test_sign_ins_are_bounded(free_app, counter, monkeypatch):
    async def in_thread(_):
        await counter.run()
        return False

    monkeypatch.setattr(passwords, "in_thread", in_thread)
    monkeypatch.setattr(hash_line.hashing, "waiting", 4)
    monkeypatch.setattr(hash_line.hashing, "seconds", CEILING)
    monkeypatch.setattr(hash_line.hashing, "useful_seconds", CEILING)  # whatever hashes took before
    last = f"/login?{asking_again.FIELD}={asking_again.TURNS}"
    request = "POST", last, FORM, b"username=nobody&password=correct+horse"
    found = await statuses(free_app, hash_line.hashing, counter, *request)
    assert found == [503] * 5 + [422] * (hash_line.AT_ONCE + 4)


async def test_a_browser_that_has_waited_in_line_sends_the_form_again_by_itself(
    free_app, counter, monkeypatch
):
    async def in_thread(_):
        await counter.run()
        return False

    monkeypatch.setattr(passwords, "in_thread", in_thread)
    monkeypatch.setattr(hash_line.hashing, "seconds", 0.1)
    monkeypatch.setattr(asking_again, "TURNS", 3)
    form = b"username=nobody&password=correct+horse"
    first = [
        asyncio.create_task(ask(free_app, "POST", "/login", FORM, form))
        for _ in range(hash_line.hashing.at_once)
    ]
    await until(lambda: counter.running == hash_line.hashing.at_once)
    address, places = "/login?next=/search", []
    while (answer := await ask(free_app, "POST", address, FORM, form)).status == 307:
        address = answer.headers["location"]
        places.append(address)
    assert answer.status == 503
    assert hash_line.hashing.reason in answer.body
    assert len(places) == asking_again.TURNS
    assert places[1] == "/login?next=%2Fsearch&turn=2"
    counter.may_end.set()
    assert [answer.status for answer in await asyncio.gather(*first)] == [422] * len(first)
    assert (await ask(free_app, "POST", places[0], FORM, form)).status == 422


async def test_exports_are_bounded(free_app, board, counter, monkeypatch):
    async def select_profile(*_):
        await counter.run()
        return {}

    monkeypatch.setattr(export.queries, "select_profile", select_profile)
    cookie = f"upvote_session={session_cookie(free_app, await board.user())}"
    request = "GET", "/me/export.json", {"cookie": cookie}
    found = await statuses(free_app, export.exporting, counter, *request)
    assert found == [503] * 5 + [200] * 3
