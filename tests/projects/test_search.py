"""Search: what is found, in which order, and page by page."""

import re
import secrets

import asyncpg
import pytest

from app.projects.edit.queries import delete_project, update_project
from app.projects.forms import Submission
from app.projects.queries import insert_project
from app.projects.search.indexing import make_searchable
from app.projects.search.search_query import parse_query
from app.projects.search_terms.terms import project_terms
from tests.projects.searching import ids, ids_on, page_of, until_searchable
from tests.support import client_of

# Titles in many scripts and with signs that say something to a parser. Each finds itself.
TITLES = """
    Who is who | IT | Up & Down | It's what we do | To be or not to be | Kite -lite | -x | A -x | or | "
    "Unbalanced | ' | don’t | a/b | p & !q | (:*) | \\ | 100% | ??? | … | — — | + | C++ | C# | .NET
    C++/C# and F# | Node.js kit | GPT-4 demo | 🎉🎉 | 👩‍👩‍👧 🇩🇪 | 1️⃣ first | I ♥ maps | ™
    東京の地図 | 夜行列車 | แผนที่รถไฟ | 서울 지도를 보다 | नक्शा और ट्रेन | မြေပုံ
    خريطة القطارات | رَقْم | מפת הרכבות | צה״ל | Карта поездов | Ёлка | Χάρτης ΤΡΈΝΩΝ | Straße
    Çàfé | Crème cafe\u0301 | İstanbul | Łódź Øresund | ｆｕｌｌ | Docs at https://kite.example/docs
    https:// | www. | foo:bar(baz) | tab\u00a0no-break | ½ ② | e=mc² | <b>bold</b> | {{ 7 * 7 }}
    %00 | $1 | x'; DROP TABLE | ~ | ^a | =b | /c
"""
# What finds what: a title, and a search. W is a word that nothing else has.
FOUND = """
    “W” map > W | W—offline > W | W… > W | «W» > W | W™ > W | ¿W? > W | (W) > W | W\u00a0map > W
    🎉W🎉 > W | ‘W’ > W | Map,W; > W | W/b > W | W's > W | W.js kit > W | W-4 demo > W 4 | W-4 > W4
    W4 > W 4 | W.js > Wjs | Caf\u00e9W > cafe\u0301W | Caf\u00e9W > CAFEW | Don’tW > don'tW
    Don’tW > dontW | W地図 > W 地図 | 東京Wの地図 > 地図 W | แผนที่รถไฟ W > รถไฟ W | 지도를 W > 지도 W
    W ١٢ > W 12 | رَقْم W > رقم W | שָׁלוֹם W > שלום W | नक्शा W > W नक्शा | ＭＡＰ W > map W
    W map > “map” W OR “W” | My W map > „W map“ | W C++ > W C++ | W voting > W votes | DashW > W
    Wboard > W | W map > the W of map | Kite W > W 🎉 | W > W?! | W/x.y > https://W/x.y
    W ♥ map > "W map" | W > "W | W kit > W kits or nothing
    Oʻzbekiston W > W o'zbekiston | Hawaiʻi W > W hawai'i | Hawaiʻi W > W hawaii
    col·lecció W > W colleccio | coŀlecció W > W colleccio | col·lecció W > W col.lecció
    Intel·ligència W > W intelligencia | INTEL·LIGÈNCIA W > W intel·ligència | In·hèrn W > W inhern
    Garðabær W > W gardabaer | Romssa máŋga W > W manga | Ɗan Ƙasa W > W dan kasa | Qurʾān W > W quran
    ʿAbd W > W abd | Ґанок W > W ганок | W·Map > W | 卡尔·马克思W > W 马克思
    東京 地図 W > "東京 地図" W | W東京 地図の駅 > "W東京 地図" | W 地 図 > "W 地 図"
    東京 W map > "東京 W map" | 東京map地図 W > W "東京map地図" | 東京map地図 W > W 東京map地図
    W 東京AIマップ > W 東京AI | W 写真AI加工アプリ > W 写真AI | W 한국어 검색 엔진 > W "한국어 검색"
    W 地図 a マップ b > W "地図 a マップ b" | W 新しい AI 地図 > W "新しい ai"
"""
NOT_FOUND = """
    W C# > W C++ | map of W > "map W" | W lite > W -lite | W > W kayak | がW > W か
    東京の地図W > W 京図 | W lite > W -"lite" | 東京 地図 W > "地図 東京" W
    東京 の 地図 W > "東京 地図" W | W 東京AI > W -東京AI | W 東京AIマップ > W -東京AI
"""


def cases(text):
    return [case.strip() for line in text.strip().splitlines() for case in line.split(" | ")]


def pairs(text):
    return [case.split(" > ") for case in cases(text)]


@pytest.fixture(scope="module")
async def titled(board, db):
    """Return the id of a project for each of the TITLES."""
    author = await board.user()
    return {title: await insert_project(db, author.id, title, None, "") for title in cases(TITLES)}


@pytest.mark.parametrize("title", cases(TITLES))
async def test_a_title_finds_itself_first(app, titled, title):
    assert (await ids(client_of(app), title))[0] == titled[title]


@pytest.mark.parametrize(("title", "words"), pairs(FOUND))
async def test_a_project_is_found_by_words_and_parts_of_words(app, board, db, word, title, words):
    project_id = await insert_project(db, (await board.user()).id, title.replace("W", word), None, "")
    assert await ids(client_of(app), words.replace("W", word)) == [project_id]


@pytest.mark.parametrize(("title", "words"), pairs(NOT_FOUND))
async def test_a_project_is_not_found_by_other_words(app, board, db, word, title, words):
    await insert_project(db, (await board.user()).id, title.replace("W", word), None, "")
    assert await ids(client_of(app), words.replace("W", word)) == []


@pytest.mark.parametrize(
    "pasted",
    [
        "https://{}.example/Docs/café?id=7",
        "http://www.{}.example/Docs/caf%C3%A9?id=7",
        "https://{}.example/Docs/café?id=7&utm_source=x#part",
        "www.{}.example/docs/café/",
        "{}.example/docs",
        "https://{}.example",
        "{}",
    ],
)
async def test_a_pasted_link_finds_its_project(app, board, db, word, pasted):
    author = await board.user()
    link = f"https://www.{word}.example/Docs/caf%C3%A9?id=7"
    project_id = await insert_project(db, author.id, "A kite", link, "")
    assert await ids(client_of(app), pasted.replace("{}", word)) == [project_id]


async def test_whole_titles_come_first_then_words_of_titles_of_texts_and_parts(app, board, db, word):
    author = (await board.user()).id
    whole = await insert_project(db, author, f"{word}!", None, "")
    text = await insert_project(db, author, "Something", None, f"It has {word} in it")
    part = await insert_project(db, author, f"pre{word}post", None, "")
    old = await insert_project(db, author, f"The {word} a", None, "")
    new = await insert_project(db, author, f"The {word} b", None, "")
    hidden = await insert_project(db, author, f"Hidden {word}", None, "")
    await db.execute("UPDATE projects SET hidden_at = now() WHERE id = $1", hidden)
    assert await ids(client_of(app), word) == [whole, old, new, text, part]
    assert await ids(client_of(app), f"{word} -something") == [whole, old, new, part]


async def test_an_edit_changes_what_finds_a_project_and_deleting_ends_it(app, board, db, word):
    author = await board.user()
    project_id = await insert_project(db, author.id, f"{word} old", None, "")
    assert await update_project(
        db, project_id, author.id, Submission(f"{word} new", None, ""), edited=True
    )
    assert await ids(client_of(app), f"{word} old") == []
    assert await ids(client_of(app), f"{word} new") == [project_id]
    assert await delete_project(db, project_id, author.id, though_locked=False)
    assert (
        await db.fetchval("SELECT count(*) FROM project_search WHERE project_id = $1", project_id) == 0
    )
    assert await ids(client_of(app), word) == []


async def test_search_accepts_any_words(app):
    for words in (
        "",
        "'",
        '"',
        "a & | ! :* ( )",
        "\0",
        "<b>",
        "x" * 5000,
        "the",
        "or or",
        "-",
        '-"',
        "é" * 2000,
    ):
        await ids(client_of(app), words)
    assert (await client_of(app).get("/search?q=x&after=99999999999999999999")).status_code == 200


async def test_pages_neither_repeat_nor_skip_matches_that_come_go_and_move(app, board, db, word):
    author, client = await board.user(), client_of(app)
    made = [await insert_project(db, author.id, f"{word} {n}", None, "") for n in range(60)]
    page = await page_of(client, word)
    seen, gone, added = ids_on(page), 0, []
    while following := re.search(r'href="([^"]*)" rel="next"', page):
        added.append(await insert_project(db, author.id, f"{word} again {gone}", None, ""))
        await delete_project(db, seen[3 + gone], author.id, though_locked=False)
        sunk = Submission("Another", None, f"with {word}")
        await update_project(db, seen[10 + gone], author.id, sunk, edited=True)
        risen = Submission(word, None, "")
        await update_project(db, made[-1 - gone], author.id, risen, edited=True)
        page = await (await client.get(following[1].replace("&amp;", "&"))).get_data(as_text=True)
        assert re.search(r'start="(\d+)"', page)[1] == str(len(seen) + 1)
        seen += ids_on(page)
        gone += 1
    assert len(seen) == len(set(seen))
    assert set(made) | set(added) <= set(seen)


async def test_past_the_last_match_the_page_says_so(app, board, db, word):
    author, client = await board.user(), client_of(app)
    made = [await insert_project(db, author.id, f"{word} {n}", None, "") for n in range(26)]
    following = re.search(r'after=([^"&]*)" rel="next"', await page_of(client, word))[1]
    await delete_project(db, made[-1], author.id, though_locked=False)
    page = await page_of(client, word, after=following)
    assert "No more matches" in page
    assert "No project has" not in page


async def test_the_worker_indexes_what_the_version_before_this_one_wrote(app, board, db, word):
    """Until then a new project is found by its words as before."""
    author, client = await board.user(), client_of(app)
    known = [await insert_project(db, author.id, f"{word} {n}", None, "") for n in range(2)]
    new = await db.fetchval(
        "INSERT INTO projects (author_id, title) VALUES ($1, $2) RETURNING id",
        author.id,
        f"{word} 地図",
    )
    await db.execute(
        "UPDATE projects SET title = $2, edited_at = now() WHERE id = $1", known[0], f"{word} 列車"
    )
    await db.execute(
        "UPDATE projects SET deleted_at = now(), title = 'Deleted' WHERE id = $1", known[1]
    )
    assert await ids(client, word) == [known[0], new]
    await until_searchable(db, [*known, new])
    assert await ids(client, word) == [known[0], new]
    assert await ids(client, f"{word} 図") == [new]
    assert await ids(client, f"{word} 列車") == [known[0]]
    assert await db.fetchval("SELECT count(*) FROM project_search WHERE project_id = $1", known[1]) == 0
    assert await make_searchable(db) == 0


async def test_the_locale_of_the_server_changes_nothing(settings, db):
    """The board of the tests has LC_CTYPE C, as the embedded server has; other servers have C.UTF-8."""
    name = f"locale_{secrets.token_hex(4)}"
    await db.execute(
        f"CREATE DATABASE {name} TEMPLATE template0 LOCALE_PROVIDER libc"
        " LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'"
    )
    other = await asyncpg.connect(settings.database_url, database=name)
    try:
        for title, words in pairs(FOUND):
            terms = project_terms(title, None, "")
            for tsquery in parse_query(words).kinds.values():
                asked = "SELECT $1::text::tsvector @@ $2::text::tsquery"
                assert await other.fetchval(asked, terms, tsquery) == await db.fetchval(
                    asked, terms, tsquery
                )
    finally:
        await other.close()
        await db.execute(f"DROP DATABASE {name}")
