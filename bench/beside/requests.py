"""Activities that are requests of people and programs."""

import itertools
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial

from app.accounts.passwords import hash_password
from bench.beside import queries
from bench.beside.activity import Activity, Work, again, at_once, at_rate, plain
from bench.beside.board import BesideBoard
from bench.beside.stored import PASSWORD

MEMBERS = 200  # who sign in
TURNS = 20  # redirects that a browser follows
# Words of the demo projects' texts, and some that few or none of them have.
SEARCHES = (
    "the", "map", "open source", "garden", "a small tool for", "python library", "weather station",
    "zzz", "notes", "music", "project", "bicycle repair",
)  # fmt: skip
LISTS = (
    "/?sort=hot", "/?sort=new", "/?sort=rising", "/?sort=controversial", "/?sort=top&t=day",
    "/?sort=top&t=week", "/?sort=top&t=month", "/?sort=top&t=year", "/?sort=top&t=all",
    "/?sort=best",
)  # fmt: skip

_numbers = itertools.count(1)


@asynccontextmanager
async def sign_in(board: BesideBoard) -> AsyncIterator[Work]:
    number = next(_numbers)
    names = await queries.insert_members(
        board.bench.db, f"member-{number}", MEMBERS, await hash_password(PASSWORD)
    )
    turn = itertools.cycle(names)

    async def step() -> None:
        await _send_form(board, "/login", {"username": next(turn), "password": PASSWORD})

    yield at_rate(5, step)


async def _send_form(board: BesideBoard, path: str, form: dict[str, object]) -> None:
    await _ask_until_done(path, lambda at: board.ask("POST", at, form, expected=303, others=(307,)))


async def _ask_until_done(path: str, ask: Callable[[str], Awaitable[bytes]]) -> None:
    """Ask again while the answer asks for that, as browsers do."""
    for _ in range(TURNS):
        answer = await ask(path)
        if answer[9:12] != b"307":
            return
        head = answer.partition(b"\r\n\r\n")[0].decode()
        path = next(
            line.partition(": ")[2]
            for line in head.split("\r\n")
            if line.lower().startswith("location:")
        )


def register(board: BesideBoard) -> Work:
    async def step() -> None:
        name = f"new-{next(_numbers)}-{random.randrange(10**9)}"
        await _send_form(board, "/register", {"username": name, "password": PASSWORD})

    return at_rate(5, step)


def submit(board: BesideBoard) -> Work:
    readers = itertools.cycle(board.cookies[:100])

    async def step() -> None:
        number = next(_numbers)
        form = {
            "title": f"A project that was submitted as number {number}",
            "url": f"https://example.net/{number}",
            "description": "A few words on what it is and what it is good for. " * 4,
        }
        await board.ask("POST", "/projects/new", form, cookie=next(readers), expected=303)

    return at_rate(5, step)


def search(board: BesideBoard) -> Work:
    words = itertools.cycle(SEARCHES)
    return at_once(8, lambda: board.ask("GET", f"/search?q={next(words).replace(' ', '+')}"))


def lists(board: BesideBoard) -> Work:
    paths = itertools.cycle(LISTS)
    readers = itertools.cycle(["", *board.cookies[:50]])
    return at_rate(100, lambda: board.ask("GET", next(paths), cookie=next(readers)))


def visit(board: BesideBoard) -> Work:
    return at_rate(100, lambda: board.ask("GET", "/"))


def read(name: str, *paths: str, rate: float = 0) -> Activity:
    """Return the activity of an admin who reads these pages in turn: at a rate, or all the time (0)."""

    def work(board: BesideBoard) -> Work:
        turn = itertools.cycle(paths)
        ask = partial(board.ask, "GET", cookie=board.admin, others=(307,))
        step = lambda: _ask_until_done(next(turn), ask)  # noqa: E731
        return at_rate(rate, step) if rate else again(step)

    return Activity(name, plain(work))


ACTIVITIES = (
    Activity("sign-ins, 5 a second", sign_in),
    Activity("registrations, 5 a second", plain(register)),
    Activity("submissions, 5 a second", plain(submit)),
    Activity("8 people searching", plain(search)),
    Activity("lists of all sorts, 100 a second", plain(lists)),
    Activity("front pages of visitors, 100 a second", plain(visit)),
    read("results of all projects", "/results", "/results.csv", "/api/results"),
    read("screens, 20 of them", "/screen", *["/screen/rows"] * 20, rate=20),
    read("places for the screen", "/screen/places"),
    read("ops page, 5 a second", "/ops", rate=5),
    read("metrics, 5 a second", "/metrics", rate=5),
)
