"""Passwords: normalised before they are hashed, and refused where attackers would guess them."""

import subprocess
import sys
import threading
import unicodedata

import pytest

from app.accounts import hash_threads, queries
from app.accounts.forms import password_error
from app.accounts.hash_line import LINE_SECONDS, SHORTEST_WAIT, hashing
from app.accounts.hash_threads import HashThreads
from app.accounts.passwords import compose_password
from app.accounts.queries import insert_user
from app.errors import OperatorError
from app.moderation.new_user import create_user
from app.priority import NICENESS
from tests.accounts.hashing import WEAK, quick_hashes
from tests.support import client_of
from tests.waiting import CEILING, COMMAND_CEILING

__all__ = ["quick_hashes"]

WIDE = "ｈｕｎｔｅｒ　２４６８　Größe"  # as typed on a Japanese keyboard in its wide mode
PLAIN = "hunter 2468 Größe"


async def sign_in(app, username, password):
    form = {"username": username, "password": password}
    return (await client_of(app).post("/login", form=form)).status_code


@pytest.mark.parametrize(("registered", "typed"), [(WIDE, PLAIN), (PLAIN, WIDE)])
async def test_a_password_matches_in_wide_and_in_plain_characters(app, registered, typed):
    name = f"wide-{registered.isascii()}-{len(typed)}-{ord(typed[0])}".lower()
    form = {"username": name, "password": registered}
    assert (await client_of(app).post("/register", form=form)).status_code == 303
    assert await sign_in(app, name, typed) == 303
    assert await sign_in(app, name, typed + "x") == 422


@pytest.mark.parametrize("form", ["NFC", "NFD"])
async def test_a_hash_of_the_composed_password_matches_and_is_replaced(app, db, form):
    name = f"composed-{form.lower()}"
    await insert_user(db, name, WEAK.hash(compose_password(WIDE)))
    assert await sign_in(app, name, PLAIN) == 422
    assert await sign_in(app, name, unicodedata.normalize(form, WIDE)) == 303
    assert await sign_in(app, name, PLAIN) == 303


async def test_a_right_password_does_not_wait_in_line_again_for_its_new_hash(app, db, monkeypatch):
    name, old = "not-again", WEAK.hash(compose_password(WIDE))
    await insert_user(db, name, old)
    begin = queries.select_session_start

    async def begin_in_a_crowd(*arguments):
        await hashing.__aenter__()  # somebody else, after this password was checked
        return await begin(*arguments)

    async def stored() -> str:
        return await db.fetchval("SELECT password_hash FROM users WHERE username = $1", name)

    with monkeypatch.context() as crowd:
        crowd.setattr(queries, "select_session_start", begin_in_a_crowd)
        assert await sign_in(app, name, WIDE) == 303
    assert await stored() == old
    await hashing.__aexit__(None, None, None)
    assert await sign_in(app, name, WIDE) == 303
    assert await stored() != old


@pytest.mark.parametrize(
    ("password", "message"),
    [
        ("password1", "Many people use"),
        ("PassWord1", "Many people use"),
        ("ｐａｓｓｗｏｒｄ１", "Many people use"),
        ("ada-love", "This password is your username"),
        ("1Ada-Love!!", "This password is your username"),
        ("hackday2026", "This password is the name of this board"),
        ("ada-love likes tea", None),
        ("two words of hackday", None),
        ("\ufdfa", "This one has 1."),  # 18 characters in NFKC
    ],
)
async def test_a_password_that_is_guessed_first_is_refused(password, message):
    error = await password_error(password, "ada-love", "Hackday")
    assert (error is None) if message is None else (message in error)


async def test_every_way_to_a_new_password_refuses_a_common_one(app, settings):
    weak = {"username": "weak-one", "password": "football1"}
    register = await client_of(app).post("/register", form=weak)
    assert register.status_code == 422
    assert "Many people use this password" in await register.get_data(as_text=True)
    with pytest.raises(OperatorError, match="Many people use this password"):
        await create_user(settings, "weak-one", "football1", is_admin=False)
    client = client_of(app)
    await client.post("/register", form={"username": "weak-two", "password": "correct horse"})
    form = {"current": "correct horse", "password": "football1"}
    change = await client.post("/me/settings/password", form=form)
    assert change.status_code == 422
    assert "Many people use this password" in await change.get_data(as_text=True)


PRINT_PRIORITIES = """
import asyncio, os
from app.accounts import hash_threads
from app.accounts.hash_line import hashing
from app.accounts.passwords import in_thread
niceness = lambda: os.getpriority(os.PRIO_PROCESS, 0)
async def main():
    print(niceness(), await in_thread(niceness), niceness())
    hash_threads.SLOW = -1.0  # so each hash takes too long, and the next one gets the quicker thread
    await in_thread(niceness)
    print(await in_thread(niceness), hashing.useful_seconds)
asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="threads have a priority on Linux only")
@pytest.mark.parametrize("more", [0, 8])
def test_only_the_threads_of_the_hashes_give_way(more):
    """A board that was started with a low priority can hash passwords too."""
    done = subprocess.run(
        ["nice", "-n", str(more), sys.executable, "-c", PRINT_PRIORITIES],
        timeout=COMMAND_CEILING, capture_output=True, text=True, check=True,
    )  # fmt: skip
    before, gentle, after, quicker, wait = map(float, done.stdout.split())
    assert (gentle, quicker) == (min(19, before + NICENESS), min(19, before + NICENESS // 2))
    assert after == before
    assert SHORTEST_WAIT <= wait <= LINE_SECONDS


def test_the_quicker_thread_hashes_while_hashes_take_long():
    threads = HashThreads()
    chosen = []
    for seconds in (0.1, 0.5, 0.7, 0.5, 0.3, 0.1, 0.5):
        threads.choose(seconds)
        chosen.append(threads.first)
    assert chosen == [0, 0, 1, 1, 1, 0, 0]


@pytest.mark.parametrize("first", [0, 1])
async def test_a_hash_that_a_thread_does_not_end_in_time_is_done_by_the_next_one_too(
    monkeypatch, first
):
    monkeypatch.setattr(hash_threads, "QUICK", 0.01)
    threads, may_end, begun = HashThreads(), threading.Event(), []
    threads.first = first

    def work() -> int:
        begun.append(None)
        number = len(begun)
        assert number == 3 - first or may_end.wait(CEILING)
        return number

    assert await threads.run(work, waited=CEILING) == 3 - first
    may_end.set()
