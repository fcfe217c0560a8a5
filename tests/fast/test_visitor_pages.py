"""What visitors share of the lists, and what they must not share."""

import asyncio
from types import SimpleNamespace

import pytest

from app.fast import visitor_pages
from app.fast.member_pages import MemberPages
from app.fast.static_files import StaticFiles
from app.fast.visitor_pages import MANY_VOTES, VisitorPages
from app.web.assets import asset
from tests.projects.fresh import stop_the_clock
from tests.support import session_cookie
from tests.waiting import CEILING


@pytest.fixture(autouse=True)
def kept_for_an_hour(monkeypatch):
    """No page grows old while a test looks at it."""
    monkeypatch.setattr(visitor_pages, "FRESH_SECONDS", 3600)


class Counting:
    """An app that counts what reaches it."""

    def __init__(self, app=None, status=200, headers=()) -> None:
        self.asked, self._app, self._status, self._headers = 0, app, status, list(headers)

    async def __call__(self, scope, receive, send) -> None:
        self.asked += 1
        if self._app is not None:
            return await self._app(scope, receive, send)
        await asyncio.sleep(0)
        await send({"type": "http.response.start", "status": self._status, "headers": self._headers})
        await send({"type": "http.response.body", "body": b"page %d" % self.asked})


async def ask(app, method="GET", path="/", query=b"", headers=()) -> tuple[int, bytes]:
    scope = {
        "type": "http", "http_version": "1.1", "method": method, "scheme": "http", "path": path,
        "raw_path": path.encode(), "query_string": query, "root_path": "", "asgi": {"version": "3.0"},
        "headers": [(b"host", b"localhost"), *headers], "client": ("127.0.0.1", 1), "server": None,
    }  # fmt: skip
    sent, events = [], [{"type": "http.request", "body": b"", "more_body": False}]
    complete = asyncio.Event()

    async def receive():
        if not events:
            await complete.wait()
        return events.pop() if events else {"type": "http.disconnect"}

    async def send(event):
        sent.append(event)
        if event["type"] == "http.response.body" and not event.get("more_body", False):
            complete.set()

    await app(scope, receive, send)
    return sent[0]["status"], b"".join(event.get("body", b"") for event in sent)


async def test_a_page_ends_though_its_app_waits_until_the_visitor_has_left():
    """As Quart does from 0.23 on."""

    async def app(scope, receive, send) -> None:
        await Counting()(scope, receive, send)
        while (await receive())["type"] != "http.disconnect":
            pass

    async with asyncio.timeout(CEILING):
        assert await ask(VisitorPages(app)) == (200, b"page 1")


async def test_visitors_share_one_page():
    inner = Counting()
    pages = VisitorPages(inner)
    answers = await asyncio.gather(*[ask(pages) for _ in range(20)])
    assert set(answers) == {(200, b"page 1")}
    assert await ask(pages) == (200, b"page 1")


async def test_what_others_wrote_is_on_a_page_half_a_second_later(monkeypatch):
    monkeypatch.undo()
    clock = SimpleNamespace(monotonic=lambda: clock.now, now=1000.0)
    monkeypatch.setattr("app.single_flight.time", clock)
    pages, told = VisitorPages(Counting()), []
    for clock.now in (1000.0, 1000.49, 1000.5):
        told.append((await ask(pages))[1])
    assert told == [b"page 1", b"page 1", b"page 2"]


async def test_a_write_is_on_the_next_page():
    pages = VisitorPages(Counting())
    before = await ask(pages)
    await ask(pages, "POST", "/projects/1/vote")
    assert await ask(pages) != before


async def test_many_votes_show_after_half_a_second_and_single_ones_at_once(monkeypatch):
    """Otherwise a crowd of visitors would have each page rendered anew, while a crowd votes."""
    monkeypatch.undo()
    clock = SimpleNamespace(monotonic=lambda: clock.now, now=1000.0)
    monkeypatch.setattr("app.fast.visitor_pages.time", clock)
    pages, cleared = VisitorPages(Counting()), []
    monkeypatch.setattr(pages, "clear", lambda: cleared.append(clock.now))

    def vote(now: float, count: int) -> int:
        """Return how many of the votes clear the cache."""
        clock.now, before = now, len(cleared)
        for _ in range(count):
            pages.note_vote()
        return len(cleared) - before

    assert vote(1000.0, MANY_VOTES + 1) == MANY_VOTES + 1
    assert vote(1000.5, 1) == 0
    assert vote(1001.0, 20) == 20  # few came in the stretch before
    assert vote(1001.5, 20) == vote(1002.0, 20) == 0
    assert vote(1003.0, 1) == 1  # after a stretch without any


@pytest.mark.parametrize(
    "other",
    [
        {"headers": [(b"cookie", b"upvote_session=x")]},
        {"headers": [(b"authorization", b"Bearer x")]},
        {"headers": [(b"accept-encoding", b"gzip")]},
        {"headers": [(b"hx-request", b"true")]},
        {"query": b"sort=new"},
        {"path": "/projects/1"},
        {"method": "HEAD"},
    ],
)
async def test_another_question_is_asked_anew(other):
    inner = Counting()
    pages = VisitorPages(inner)
    await ask(pages)
    await ask(pages, **other)
    assert inner.asked == 2


async def test_a_shared_page_is_drawn_for_a_request_without_anything_of_the_visitors():
    seen = []

    async def app(scope, receive, send) -> None:
        seen.append(scope)
        await Counting()(scope, receive, send)

    own = {b"x-forwarded-for": b"192.0.2.1", b"user-agent": b"mine", b"x-request-id": b"mine"}
    headers = [(b"accept-encoding", b"br"), (b"accept-encoding", b"gzip;q=0.5"), *own.items()]
    await ask(VisitorPages(app), headers=headers)
    assert seen[0]["headers"] == [(b"host", b"localhost"), (b"accept-encoding", b"gzip")]
    assert seen[0]["client"] is None
    assert "extensions" not in seen[0]


@pytest.mark.parametrize(
    ("fields", "zipped"),
    [
        ([], False),
        ([b"gzip"], True),
        ([b"br", b"gzip"], True),
        ([b"gzip", b"br"], True),
        ([b"gzip;q=0"], False),
        ([b"gzip;q=0", b"gzip;q=0"], False),
        ([b"*"], True),
        ([b"*;q=0"], False),
        ([b"gzip;q=0, *"], False),
        ([b"x-gzip-like"], False),
        ([b"GZIP ; q=0.1"], True),
        ([b"\xff"], False),
    ],
)
async def test_a_page_is_compressed_if_the_whole_request_says_so(app, board, fields, zipped):
    """Whichever way it takes, and whatever somebody else has asked before."""
    await board.project()
    cookie = (b"cookie", f"upvote_session={session_cookie(app, await board.user())}".encode())
    accepts = [(b"accept-encoding", field) for field in fields]
    file, version = asset("js/main.js").split("?")
    pages = VisitorPages(MemberPages(app))
    for query in (b"", b"sort=hot&t=all"):
        await ask(pages, headers=[(b"accept-encoding", b"gzip" if not zipped else b"br")], query=query)
    visits = [
        await ask(pages, headers=accepts),
        await ask(app, headers=accepts),
        await ask(pages, headers=[*accepts, cookie]),
        await ask(StaticFiles(app), path=file, query=version.encode(), headers=accepts),
        await ask(app, path=file, headers=accepts),
    ]
    assert [body.startswith(b"\x1f\x8b") for _, body in visits] == [zipped] * len(visits)


@pytest.mark.parametrize("wrong", [{"status": 503}, {"headers": [(b"set-cookie", b"a=b")]}])
async def test_what_is_not_for_everyone_is_not_kept(wrong):
    inner = Counting(**wrong)
    pages = VisitorPages(inner)
    await ask(pages)
    await ask(pages)
    assert inner.asked == 2


async def test_a_shared_page_is_the_one_that_quart_draws(app, board, monkeypatch):
    stop_the_clock(monkeypatch)
    await board.project()
    pages = VisitorPages(app)
    assert await ask(pages) == await ask(app)
    own = [(b"cookie", f"upvote_session={session_cookie(app, await board.user())}".encode())]
    assert b"Sign out" in (await ask(pages, headers=own))[1]
    assert b"Sign out" not in (await ask(pages))[1]
