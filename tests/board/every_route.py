"""What readers are answered on every route of an app, to compare two states of a board.

The routes are found from the app. A new one fails the tests until it is listed here.
"""

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable
from typing import Any

from quart import Quart

from app.projects.shuffle import COOKIE as SHUFFLE
from tests.asgi_calls import App, ask
from tests.board.addresses import GETS, LISTS, OTHER_POSTS, POSTS, PUTS, SHUFFLED, World
from tests.fast_client import FastVotesApp
from tests.support import session_cookie
from tests.waiting import CEILING

# What is independent of votes and new each time: the keys of forms, and when a token was last used.
RANDOM = re.compile(r'(?<=name="key" value=")[^"]*|(?<="last_used_at": ")[^"]*')

Answers = dict[tuple[str, str, str], tuple[int, object, str]]


def unlisted(app: Quart) -> set[str]:
    """Return the endpoints of the app that nothing here reads."""
    listed = {"GET": GETS.keys(), "POST": POSTS.keys() | OTHER_POSTS, "PUT": PUTS}
    return {
        f"{method} {rule} ({rule.endpoint})"
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.endpoint not in listed.get(method, ())
    }


def readers(app: Quart, world: World) -> dict[str, dict[str, str]]:
    """Return the headers of each reader who is no admin."""
    shuffle = f"{SHUFFLE}=AAAAAAAAAAAAAAAAAAAAAA"
    return {
        "stranger": {},
        "visitor": {"cookie": shuffle},
        "reader": {
            "cookie": f"upvote_session={session_cookie(app, world.reader)}; {shuffle}",
            "authorization": f"Bearer {world.token}",
        },
        "author": {"cookie": f"upvote_session={session_cookie(app, world.author)}"},
    }


async def read_everything(app: Quart, world: World, only: str = "") -> Answers:
    """Return what each reader is answered on each route, and by the fast paths where they answer.

    `only` names the one reader to ask for.
    """
    found: Answers = {}
    paths = [path for paths in GETS.values() for path in paths(world)]
    posts = [post for make in POSTS.values() for post in make(world)]
    fast = FastVotesApp(app)
    for name, headers in readers(app, world).items():
        if only not in ("", name):
            continue
        for path in LISTS if name == "stranger" else paths:
            if name == "stranger" and path in SHUFFLED:
                continue  # each request of a stranger gets a new order, and a cookie for it
            found["quart", name, path] = await _read(app, path, headers)
            if path in LISTS:
                found["fast", name, path] = await _read(fast, path, headers)
        for way, asgi in (("quart", app), ("fast", fast)):
            for at, (path, more, body) in enumerate(posts):
                got = await ask(asgi, "POST", path, headers | more, body)
                found[way, name, f"POST {path} {at}"] = got.status, got.headers, got.body
    return found


async def _read(app: App, path: str, headers: dict[str, str]) -> tuple[int, object, str]:
    if path.startswith("/live"):
        return 200, None, await read_stream(app, path, headers)
    got = await ask(app, "GET", path, headers)
    return got.status, (got.headers, got.cookies), RANDOM.sub("", got.body)


async def read_stream(app: App, path: str, headers: dict[str, str]) -> str:
    """Return what a stream sends up to the first states of projects."""
    async with open_stream(app, path, headers) as text:
        return await text(lambda got: "data: [" in got)


Text = Callable[[Callable[[str], bool]], Awaitable[str]]


@contextlib.asynccontextmanager
async def open_stream(app: App, path: str, headers: dict[str, str]) -> Any:
    """Open a stream; yield a function that waits until what it has sent fulfils a condition."""
    path, _, query = path.partition("?")
    scope = {
        "type": "http", "http_version": "1.1", "method": "GET", "scheme": "http", "path": path,
        "raw_path": path.encode(), "query_string": query.encode(), "root_path": "",
        "asgi": {"version": "3.0"}, "client": ("127.0.0.1", 1), "server": ("localhost", 80),
        "headers": [(b"host", b"localhost"), *((k.encode(), v.encode()) for k, v in headers.items())],
    }  # fmt: skip
    sent, more, gone = list[str](), asyncio.Event(), asyncio.Event()
    events = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Any:
        if events:
            return events.pop()
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(event: Any) -> None:
        assert event.get("status", 200) == 200, event
        sent.append(event.get("body", b"").decode())
        more.set()

    async def text(is_enough: Callable[[str], bool]) -> str:
        async with asyncio.timeout(CEILING):
            while not is_enough("".join(sent)):
                assert not task.done(), f"it ended after {''.join(sent)!r}: {await task}"
                more.clear()
                await more.wait()
        return "".join(sent)

    task = asyncio.ensure_future(app(scope, receive, send))
    task.add_done_callback(lambda _: more.set())
    try:
        yield text
    finally:
        gone.set()
        task.cancel()
        await asyncio.wait([task])
