"""Every text that a user typed has a direction of its own, on every page that shows it."""

from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from app.accounts.queries import insert_token
from app.main import create_app
from app.projects.queries import insert_project
from tests.doc_tables import ROOT
from tests.support import client_of

NAME = "שלום (1)"
TEXT = "עברית: a text, that runs from right to left."
LINK = "https://example.org/hebrew"
VOID = {"input", "link", "meta", "br", "hr", "img", "source", "rect", "line", "polyline", "use"}


class Directions(HTMLParser):
    """Collects the texts of a page that contain some words, with the elements around each."""

    def __init__(self, *words: str) -> None:
        super().__init__()
        self._words = words
        self._open: list[tuple[str, bool]] = []  # the name of an element, and whether it isolates
        self.found: list[tuple[str, bool]] = []

    def handle_starttag(self, tag, attrs):
        isolates = tag == "bdi" or ("dir", "auto") in attrs
        if tag not in VOID:
            self._open.append((tag, isolates))
        if tag == "input" and any(word in (dict(attrs).get("value") or "") for word in self._words):
            self.found.append((tag, isolates))

    def handle_endtag(self, tag):
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data):
        if any(word in data for word in self._words):
            self.found.append((self._open[-1][0], any(isolates for _, isolates in self._open)))


@pytest.fixture(scope="module")
async def framed_app(settings):
    async with create_app(settings.model_copy(update={"embed_ancestors": "*"})).test_app() as app:
        yield app.app


@pytest.fixture
async def admin(db, board):
    account = await board.user()
    await db.execute("UPDATE users SET is_admin = true WHERE id = $1", account.id)
    return account


async def test_each_text_has_its_own_direction_on_every_page(framed_app, board, db, admin):
    project_id = await insert_project(db, admin.id, NAME, LINK, TEXT)
    open_id = await insert_project(db, admin.id, NAME, LINK, TEXT)  # the same link
    await insert_token(db, admin.id, b"%32d" % project_id, NAME)
    client = client_of(framed_app, admin)
    reason = {"action": "lock", "reason": f"because of {NAME}"}
    assert (await client.post(f"/admin/projects/{project_id}", form=reason)).status_code == 303
    for path, elements in {
        "/?sort=new": {"a", "p", "bdi"},
        f"/projects/{project_id}": {"title", "a", "p", "bdi"},
        f"/projects/{open_id}/edit": {"input", "textarea"},
        f"/projects/{open_id}/delete": {"bdi"},
        f"/users/{admin.username}": {"a", "p", "bdi"},
        f"/embed/{project_id}": {"title", "a", "bdi"},
        "/search?q=%D7%A9%D7%9C%D7%95%D7%9D": {"title", "input", "a", "p", "bdi"},
        "/me/settings": {"bdi"},
        "/admin/audit": {"bdi"},
        "/admin/projects": {"bdi"},
    }.items():
        page = Directions("שלום", "עברית")
        page.feed(await (await client.get(path)).get_data(as_text=True))
        assert {element for element, _ in page.found} == elements, path
        assert all(isolated for _, isolated in page.found), (path, page.found)


class Fields(HTMLParser):
    """Collects the directions of the fields for words, by their names."""

    def __init__(self) -> None:
        super().__init__()
        self.directions: dict[str, str | None] = {}

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "textarea" or (tag == "input" and given.get("type") in ("text", "search")):
            self.directions[given["name"]] = given.get("dir")
        if "maxlength" in given:  # in UTF-16 units, of which a character has up to two
            assert int(given["maxlength"]) >= 2 * int(given["data-longest"]), (
                f"{tag} cuts what is pasted"
            )


@pytest.mark.parametrize("path", ["/projects/new", "/search", "/me/settings", "/register", "/login"])
async def test_each_field_for_words_follows_what_is_typed_and_cuts_nothing(app, board, path):
    fields, reader = Fields(), await board.user()
    fields.feed(await (await client_of(app, reader).get(path)).get_data(as_text=True))
    assert set(fields.directions.values()) == {"auto"}


async def test_a_feed_isolates_texts_from_right_to_left_and_no_others(app, board, db):
    author = await board.user()
    hebrew = await insert_project(db, author.id, NAME, None, TEXT)
    latin = await insert_project(db, author.id, "Latin", None, "A <b> text")
    atom, html = "{http://www.w3.org/2005/Atom}", "{http://www.w3.org/1999/xhtml}"
    body = await (await client_of(app).get("/feed.atom?sort=new")).get_data()
    entries = {
        entry.find(f"{atom}link").attrib["href"].rpartition("/")[2]: entry
        for entry in ElementTree.fromstring(body).iter(f"{atom}entry")  # noqa: S314
    }
    first, second = entries[str(hebrew)], entries[str(latin)]
    assert first.findtext(f"{atom}title") == f"\u2068{NAME}\u2069"
    paragraph = first.find(f"{atom}summary/{html}div/{html}p")
    assert (paragraph.attrib, paragraph.text) == ({"dir": "auto"}, TEXT)
    assert second.findtext(f"{atom}title") == "Latin"
    assert second.findtext(f"{atom}summary") == "A <b> text"


async def test_a_screen_reader_says_what_the_number_between_the_arrows_is(app, board):
    html = await (await client_of(app).get(f"/projects/{await board.project()}")).get_data(as_text=True)
    assert (
        '<span class="visually-hidden vote-score-label">Score: </span><span class="vote-score"' in html
    )


def test_no_template_has_a_maxlength_of_its_own():
    """The macro for fields sets it, far from the length that is accepted."""
    templates = (ROOT / "app/templates").rglob("*.html")
    assert {path.name for path in templates if "maxlength" in path.read_text()} == {"_macros.html"}
