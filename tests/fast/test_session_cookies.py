"""Session cookies: every route reads the same one, and the cache holds only what the board signed."""

import secrets
import time
import tracemalloc
from datetime import timedelta
from types import SimpleNamespace

import pytest
from itsdangerous import TimestampSigner
from quart_auth import QuartAuth

from app.accounts.sessions import MONTH
from app.fast.session_cookies import MAX_CACHED, SessionCookies
from app.voting import keys
from app.web.dated import DatedSerializer
from app.web.signed_cookies import SignedCookie
from tests.asgi_calls import FORM, HTMX, ask
from tests.fast_client import FastVotesApp
from tests.support import client_of, session_cookie

MIB = 1024 * 1024
JUNK = b"!#$%&()*+,~"  # characters that a base64 decoder skips


@pytest.fixture
def cookies(free_app) -> SessionCookies:
    """Return a reader with an empty cache."""
    return SessionCookies(free_app)


def header(token: str) -> bytes:
    return f"upvote_session={token}".encode()


def other_spelling(token: bytes) -> bytes:
    """Return the token with junk within its signature, 8 kB of it."""
    junk = bytes(secrets.choice(JUNK) for _ in range(8)) * 1024
    return token[:-40] + junk + token[-40:]


async def test_endless_spellings_of_one_session_take_no_memory(cookies, free_app, board):
    """A base64 decoder ignores the junk, and would accept each of these tokens as the session."""
    token = header(session_cookie(free_app, user := await board.user()))
    assert cookies.user(token).id == user.id
    tracemalloc.start()
    try:
        for _ in range(3_000):  # 24 MB of cookies
            assert cookies.user(other_spelling(token)) is None
        grown = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert grown < 0.2 * MIB
    assert cookies.user(token).id == user.id


@pytest.mark.parametrize("spelling", ["junk", "padding", "last bits", "space"])
async def test_quart_and_the_fast_paths_refuse_every_other_spelling(cookies, free_app, board, spelling):
    token = session_cookie(free_app, await board.user())
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    last = letters[letters.index(token[-1]) + 1]  # 64 bytes do not use the last bits of 86 letters
    other = {
        "junk": token[:-9] + "!" * 4 + token[-9:],
        "padding": token + "==",
        "last bits": token[:-1] + last,
        "space": f'"{token[:-9]}    {token[-9:]}"',
    }[spelling]
    client = client_of(free_app)
    client.set_cookie("localhost", "upvote_session", other)
    assert cookies.user(header(other)) is None
    assert (await client.get("/me/settings")).status_code == 303


async def test_a_full_cache_takes_at_most_50_mib(cookies, free_app):
    auth: QuartAuth = free_app.extensions["QUART_AUTH"][0]
    count = 2_000
    tokens = [header(auth.dump_token(f"{n + 10**12}.{'n' * 32}.{n}", free_app)) for n in range(count)]
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for number, token in enumerate(tokens, 10**12):
            assert cookies.user(token).id == number
        each = (tracemalloc.get_traced_memory()[0] - before) / count
    finally:
        tracemalloc.stop()
    assert each * MAX_CACHED < 50 * MIB


async def test_a_cached_session_ends_when_its_cookie_expires(cookies, free_app, board, monkeypatch):
    user = await board.user()
    token = header(session_cookie(free_app, user))
    assert cookies.user(token).id == user.id
    later = time.time() + MONTH + 2
    monkeypatch.setattr("app.accounts.state.time", SimpleNamespace(time=lambda: later))
    assert cookies.user(token) is None


AHEAD = {
    timedelta(seconds=-MONTH - 60): False,
    timedelta(0): True,
    timedelta(hours=1): True,
    timedelta(hours=23): True,
    timedelta(hours=25): False,
}


@pytest.mark.parametrize("ahead", AHEAD, ids=str)
async def test_a_session_of_a_clock_that_was_ahead_goes_on(
    cookies, free_app, board, monkeypatch, ahead
):
    """The clock was set back, or is another machine's; but ends are not remembered for ever."""
    signed_at = int(time.time() + ahead.total_seconds())
    with monkeypatch.context() as then:
        then.setattr(TimestampSigner, "get_timestamp", lambda _: signed_at)
        token = session_cookie(free_app, user := await board.user())
    client = client_of(free_app)
    client.set_cookie("localhost", "upvote_session", token)
    assert (found := cookies.user(header(token))) is None or found.id == user.id
    assert (found is not None) == AHEAD[ahead]
    assert (await client.get("/me/settings")).status_code == (200 if AHEAD[ahead] else 303)


async def test_a_signed_cookie_of_a_clock_that_was_ahead_is_read(free_app, monkeypatch):
    kind = SignedCookie("a test", 60)
    for ahead, expected in ((3600, "value"), (0, "value"), (-120, None)):
        signed_at = int(time.time()) + ahead
        with monkeypatch.context() as then:
            then.setattr(TimestampSigner, "get_timestamp", lambda _, at=signed_at: at)
            signed = DatedSerializer(free_app.secret_key, "a test").dumps("value")
        async with free_app.test_request_context("/", headers={"Cookie": f"a={signed}"}):
            assert kind.read("a") == expected, ahead


FIRST, SECOND = "upvote_session={0}", "upvote_session={1}"
HEADERS = {
    "two cookies": [f"{FIRST}; {SECOND}"],
    "without a space": [f"{FIRST};{SECOND}"],
    "two fields": [FIRST, SECOND],
    "another cookie between": [f"a=b; {FIRST}", f"c=d; {SECOND}"],
    "a quoted one": ['upvote_session="{0}"; upvote_session={1}'],
    "a similar name": ["xupvote_session={1}; " + FIRST],
    "the first is forged": [f"upvote_session=x; {SECOND}"],
}
DOORS = {
    "a vote": ("POST", "/projects/{0}/vote", {**FORM, **HTMX}, b"value=1"),
    "a plain vote": ("POST", "/projects/{0}/vote", FORM, b"value=1"),
    "a list": ("GET", "/?sort=new", {}, b""),
    "a page": ("GET", "/projects/{0}", {}, b""),
    "a stream": ("GET", "/live?projects={0}", {}, b""),
}


@pytest.mark.parametrize("case", HEADERS)
async def test_the_first_of_two_session_cookies_counts_everywhere(
    free_app, board, redis, monkeypatch, case
):
    """So it does for werkzeug, and browsers send the cookie with the longest path first."""
    users, readers = await board.users(2), []
    monkeypatch.setattr("app.live.routes._client", lambda user: str(readers.append(user)))
    given = [text.format(*(session_cookie(free_app, user) for user in users)) for text in HEADERS[case]]
    expected = None if case == "the first is forged" else users[0]
    for app in (free_app, FastVotesApp(free_app)):
        for door, (method, path, headers, body) in DOORS.items():
            project_id = await board.project()
            headers = {**headers, "cookie": given}
            got = await ask(app, method, path.format(project_id), headers, body)
            if door == "a stream":
                reader = readers.pop()
                assert (reader and reader.id) == (expected and expected.id), door
            elif method == "POST":
                voters = await redis.hkeys(keys.votes(0, project_id))
                assert voters == ([str(expected.id).encode()] if expected else []), door
            else:
                assert [user for user in users if user.username in got.body] == (
                    [expected] if expected else []
                ), door
