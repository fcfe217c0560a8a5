"""Threats of docs/security.md to pages: one test per threat, with its name."""

# ruff: noqa: E501  (lists of what is tried)

import json
import re
import secrets
import xml.etree.ElementTree as ElementTree  # the test parses only documents of this app
from html.parser import HTMLParser
from urllib.parse import quote, urljoin, urlsplit

import pytest

from app.accounts.queries import insert_user
from app.main import create_app
from app.voting.persist import persist_events
from tests.accounts.hashing import WEAK, quick_hashes
from tests.asgi_calls import Browser, ask, with_middleware

__all__ = ["quick_hashes"]

SCRIPT = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{7*7}}${7*7}"
TARGETS = (
    "https://evil.example", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example",
    "/\t/evil.example", "/\n/evil.example", "\t//evil.example", " //evil.example", "/\x00/evil.example",
    "javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "http:evil.example", "http:/evil.example",
    "evil.example", "@evil.example", "/@evil.example", "//evil.example@localhost", "//localhost@evil.example",
    "/..//evil.example", "/.//evil.example", "/%2f/evil.example", "/%5cevil.example", "/%09/evil.example",
    "/\u2215evil.example", "/\uff0fevil.example", "\uff0f\uff0fevil.example", "/\u3002evil.example",
    "/\u2028/evil.example", "/\x7f/evil.example", "/\xa0/evil.example", "?next=//evil.example",
    "/\r\nLocation: https://evil.example", "https:evil.example", "//evil%E3%80%82example", "/x" * 3000,
)  # fmt: skip


class Tags(HTMLParser):
    """The tags, attributes and text of a page, as a browser reads it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


def check_harmless(page: str) -> None:
    found = Tags(page)
    scripts = [attrs for tag, attrs in found.tags if tag == "script"]
    assert all(attrs.get("src", "").startswith("/static/") for attrs in scripts)
    assert not [attrs for _, attrs in found.tags if any(name.startswith("on") for name in attrs)]
    assert not [attrs for tag, attrs in found.tags if tag == "img" and attrs.get("src") == "x"]
    links = [attrs.get(name) or "" for _, attrs in found.tags for name in ("href", "action", "src")]
    assert not [link for link in links if link.strip().lower().startswith(("javascript:", "data:text"))]


@pytest.fixture(scope="module")
async def framed(settings):
    """Return a board whose projects other sites may frame."""
    changes = {"embed_ancestors": "https://example.org", "rate_limit_max": 0}
    async with create_app(settings.model_copy(update=changes)).test_app() as serving:
        yield serving.app


async def test_somebody_writes_a_script(framed, board, db, redis):
    front, author = with_middleware(framed), await board.user()
    admin = await board.user()
    await db.execute("UPDATE users SET is_admin = true WHERE id = $1", admin.id)
    mine, moderator = Browser(front, framed, author), Browser(front, framed, admin)
    word = f"w{secrets.token_hex(4)}"
    form = {
        "title": f"{word} {SCRIPT}",
        "url": f"https://example.org/{quote(SCRIPT)}?<b>",
        "description": SCRIPT,
    }
    sent = await mine.post("/projects/new", form)
    assert sent.status == 303
    path = sent.headers["location"]
    await mine.vote(int(path.rsplit("/", 1)[1]), 1)
    await persist_events(redis, db, 0)
    pages = [
        "/?sort=new",
        path,
        f"{path}/edit",
        f"{path}/delete",
        "/me/votes",
        f"/users/{author.username}",
    ]
    pages += [f"/embed/{path.rsplit('/', 1)[1]}", f"/search?q={word}", f"/search?q={quote(SCRIPT)}"]
    pages += [f"/login?next={quote(SCRIPT)}", f"/{quote(SCRIPT)}"]
    for page in pages:
        answer = await mine.get(page)
        assert answer.status == (404 if page.startswith("/%") else 200), page
        check_harmless(answer.body)
        if page not in pages[-3:]:
            assert word in answer.body, page
    check_harmless((await mine.post("/me/settings/tokens", {"name": SCRIPT[:60]})).body)
    check_harmless((await mine.get("/me/settings")).body)
    check_harmless((await mine.post("/login", {"username": SCRIPT, "password": SCRIPT})).body)
    check_harmless((await mine.post("/projects/new", {"title": SCRIPT * 9, "url": SCRIPT})).body)
    reason = {"action": "hide", "reason": SCRIPT}
    assert (await moderator.post(f"/admin{path}", reason)).status == 303
    for page in ("/admin/projects", "/admin/audit", path):
        answer = await moderator.get(page)
        assert SCRIPT.partition("{")[0] not in answer.body
        check_harmless(answer.body)


async def test_somebody_writes_a_script_for_a_feed_or_a_program(browser, board, free_app):
    author = browser(await board.user())
    title = f"{secrets.token_hex(4)} ]]>&amp;<![CDATA[{SCRIPT}"
    sent = await author.post("/projects/new", {"title": title, "description": f"\x0b\x1b{SCRIPT}"})
    feed = await browser().get("/feed.atom")
    assert feed.headers["content-type"].startswith("application/atom+xml")
    names = [
        each.text
        for each in ElementTree.fromstring(feed.body).iter(  # noqa: S314
            "{http://www.w3.org/2005/Atom}title"
        )
    ]
    assert title in names
    program = await browser().get(f"/api{sent.headers['location']}")
    assert program.headers["content-type"] == "application/json"
    assert program.headers["x-content-type-options"] == "nosniff"
    assert json.loads(program.body)["title"] == title
    page = await author.get(sent.headers["location"])
    drawn = page.body[page.body.index("<svg") : page.body.rindex("</svg>")]
    assert "alert(1)</script>" not in drawn


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "JAVASCRIPT:alert(1)", " javascript:alert(1)", "data:text/html,x", "//evil.example",
     "vbscript:x", "java\nscript:alert(1)", "https://", "http:///x", "https://exa mple.org", "ftp://example.org",
     "file:///etc/passwd", "https:\\\\example.org", "\u202ehttps://example.org"],
)  # fmt: skip
async def test_somebody_links_to_a_script(browser, board, url):
    answer = await browser(await board.user()).post("/projects/new", {"title": "A link", "url": url})
    assert answer.status == 422
    assert "A link starts with https://" in answer.body


@pytest.mark.parametrize(
    ("url", "host"),
    [(r"https://evil.example\@good.example/", "evil.example"),
     ("https://www.com/", "www.com"), ("https://\uff47ood\u3002example/", "good.example"),
     ("https://g\u043eod.example/", "xn--god-sed.example"), ("https://good.example@evil.example/", None)],
)  # fmt: skip
async def test_a_link_shows_another_host_than_it_opens(browser, board, url, host):
    author = browser(await board.user())
    sent = await author.post("/projects/new", {"title": "A link", "url": url})
    if host is None:
        assert sent.status == 422
        return
    for page in (sent.headers["location"], "/?sort=new"):
        body = (await author.get(page)).body
        [opened, *_] = re.findall(r'<a href="https?://([^/"]*)[^>]*ugc', body)
        [shown, *_] = re.findall(r'"project-host">([^<]*)<', body)
        assert opened == shown == host


async def test_a_link_tells_whose_page_it_was_on(browser, board):
    author = browser(await board.user())
    sent = await author.post("/projects/new", {"title": "A link", "url": "https://example.org/"})
    for page in (sent.headers["location"], "/?sort=new"):
        tags = Tags((await author.get(page)).body).tags
        [link, *_] = [attrs for tag, attrs in tags if attrs.get("href") == "https://example.org/"]
        assert {"nofollow", "ugc", "noopener"} <= set(link["rel"].split())
        assert (await author.get(page)).headers["referrer-policy"] == "same-origin"


async def test_a_link_leads_to_another_site_after_signing_in(browser, board, db):
    name, password = f"l-{secrets.token_hex(5)}", "correct horse"
    await insert_user(db, name, WEAK.hash(password))
    voter, project_id = browser(await board.user()), await board.project()
    for target in TARGETS:
        answer = await browser().post(
            "/login", {"username": name, "password": password, "next": target}
        )
        check_stays(answer.headers["location"], target)
        sent = {"hx-request": None, "referer": f"http://localhost{quote(target, safe='/:@%?')}"}
        answer = await voter.vote(project_id, 0, **sent)
        assert answer.status == 303
        check_stays(answer.headers["location"], target)


def check_stays(location: str, target: str) -> None:
    """Check that a browser, which drops outer whitespace and control characters, stays on the site."""
    read = "".join(c for c in location.strip() if c >= " ").replace("\\", "/")
    found = urlsplit(urljoin("http://localhost/login", read))
    assert (found.scheme, found.netloc) == ("http", "localhost"), target
    assert location.isascii(), target
    assert location.isprintable(), target


@pytest.mark.parametrize("name", ["next", "username", "q", "x-request-id", "referer", "if-none-match"])
async def test_a_line_break_becomes_a_header(free_front, free_app, board, name):
    evil = "/x\r\nX-Evil: 1\r\nSet-Cookie: upvote_session=1"
    visitor = Browser(free_front, free_app, await board.user())
    answers = [
        await visitor.get(f"/login?{name}={quote(evil)}"),
        await visitor.get(f"/projects/new?{name}={quote(evil)}"),
        await visitor.post("/login", {name: evil, "password": "x"}),
        await visitor.get(f"/search?q=x&{name}={quote(evil)}", **{name: evil.replace("\r\n", " ")}),
        await Browser(free_front, free_app).get(f"/me/votes?{name}={quote(evil)}"),
    ]
    for answer in answers:
        assert answer.status < 500
        assert "x-evil" not in answer.headers
        assert not [value for value in answer.headers.values() if "\n" in value or "\r" in value]
        assert not [cookie for cookie in answer.cookies if "upvote_session=1" in cookie]


async def test_a_request_is_malformed_or_oversized(free_front, free_app):
    long, wide = "/" + "x" * 5000, {f"x-{n}": "1" for n in range(150)}
    form = {"content-type": "application/x-www-form-urlencoded"}
    tried = [
        ("GET", long, {}, b"", 414),
        ("GET", "/", wide, b"", 431),
        ("GET", "/", {"x-wide": "x" * 20_000}, b"", 431),
        ("POST", "/login", form, b"x" * 70_000, 413),
        ("POST", "/login", form, b"a=1&" * 200, 413),
        ("POST", "/api/votes", {"content-type": "application/json"}, b"[" * 60_000, 401),
        ("GET", "/%00", {}, b"", 404),
        ("BREW", "/", {}, b"", 400),
        ("GET", "/projects/99999999999999999999", {}, b"", 404),
        ("GET", "/live?projects=" + "9" * 3000, {}, b"", 422),
        ("GET", "/?after=" + "x" * 3000, {}, b"", 200),
    ]
    for method, path, headers, body, status in tried:
        assert (await ask(free_front, method, path, headers, body)).status == status, path[:40]


@pytest.mark.parametrize(
    "host", ["", "evil.example/@x", "a b", "a..b", "evil.example:port", "localhost\t", "x" * 300]
)
async def test_a_host_is_false(free_app, host):
    assert (await ask(with_middleware(free_app), "GET", "/", {"host": host})).status == 400
    named = with_middleware(free_app, allowed="board.example")
    assert (await ask(named, "GET", "/", {"host": "evil.example"})).status == 400
    assert (await ask(named, "GET", "/", {"host": "board.example"})).status == 200
