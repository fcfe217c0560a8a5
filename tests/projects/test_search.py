"""Search over title and description."""

import re
import secrets

from app.projects.queries import insert_project
from tests.support import client_of


async def ids(client, words):
    answer = await client.get("/search", query_string={"q": words})
    assert answer.status_code == 200
    html = await answer.get_data(as_text=True)
    return [int(number) for number in re.findall(r'id="project-(\d+)"', html)]


async def test_a_word_is_found_and_the_title_weighs_more(app, board, db):
    author, word = await board.user(), "w" + secrets.token_hex(6)
    text = await insert_project(db, author.id, "Something", None, f"It has {word} in it")
    title = await insert_project(db, author.id, f"The {word}", None, "")
    hidden = await insert_project(db, author.id, f"Hidden {word}", None, "")
    await db.execute("UPDATE projects SET hidden_at = now() WHERE id = $1", hidden)
    assert await ids(client_of(app), word) == [title, text]
    assert await ids(client_of(app), f"{word} -something") == [title]


async def test_an_accent_is_found_however_it_was_typed(app, board):
    """Some systems type e and U+0301, others U+00E9."""
    author, word = await board.user(), "w" + secrets.token_hex(6)
    form = {"title": f"Cafe\u0301{word}"}
    place = (await client_of(app, author).post("/projects/new", form=form)).headers["Location"]
    for typed in (f"cafe\u0301{word}", f"caf\u00e9{word}"):
        assert await ids(client_of(app), typed) == [int(place.rsplit("/", 1)[1])]


async def test_search_accepts_any_words(app):
    for words in ("", "'", '"', "a & | ! :* ( )", "\0", "<b>", "x" * 5000, "the"):
        await ids(client_of(app), words)
    assert (await client_of(app).get("/search?q=x&page=99999999999999999999")).status_code == 200
