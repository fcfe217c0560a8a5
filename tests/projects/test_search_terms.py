"""The terms of texts that differ from English ones, and terms that have to be made again."""

import pytest

from app.projects.queries import insert_project
from app.projects.search.indexing import make_searchable
from app.projects.search.queries import select_has_outdated
from app.projects.search_terms.terms import project_terms
from app.storage.migrate import MIGRATIONS
from tests.projects.searching import ids, until_searchable
from tests.support import client_of

MARKS = "0068_mark_terms_to_make_again.sql"


@pytest.mark.parametrize("title", [True, False])
@pytest.mark.parametrize(
    ("letters", "last"), [("แผนที่ใหม่", "รถไฟฟ้า"), ("新しい夢の町", "東京地図"), ("မြေပုံ", "ရထားလမ်း")]
)
async def test_the_last_words_of_a_text_without_spaces_find_it(
    app, board, db, word, title, letters, last
):
    text = (letters * 500)[: (120 if title else 5000) - len(last)] + last
    texts = (text, word) if title else (word, text)
    project_id = await insert_project(db, (await board.user()).id, texts[0], None, texts[1])
    assert await ids(client_of(app), f"{word} {last}") == [project_id]
    assert project_id in await ids(client_of(app), text)


async def test_the_worker_makes_terms_again_that_an_earlier_version_made(app, board, db, word):
    """The worker of the version before this one, which may still run, does not end that."""
    author, statement = (await board.user()).id, (MIGRATIONS / MARKS).read_text().split("migrate:")[1]
    texts = "地図" * 90 + "列車", "Hawaiʻi", "col·lecció", "Plain", "Café"
    made = [await insert_project(db, author, f"{word} x", None, text) for text in texts]
    await db.execute(
        "UPDATE project_search SET terms = $2 WHERE project_id = ANY ($1)",
        made,
        project_terms(f"{word} x", None, ""),
    )
    await db.execute(statement.removeprefix("up"))
    assert await ids(client_of(app), word) == made  # by the old terms
    await until_searchable(db, made)
    for project_id, words in zip(made, ("車", "hawaii", "colleccio"), strict=False):
        assert await ids(client_of(app), f"{word} {words}") == [project_id]
    assert await ids(client_of(app), f"{word} plain") == []  # it has not been made again
    assert await make_searchable(db) == 0


@pytest.mark.parametrize("change", ["title = 'Another'", "search_again = true", "deleted_at = now()"])
async def test_a_look_finds_a_project_whose_terms_are_to_be_made(app, board, db, change):
    made = await insert_project(db, (await board.user()).id, "A title", None, "A text")
    await until_searchable(db, [made])
    async with db.acquire() as connection:
        transaction = connection.transaction()  # which a worker does not see
        await transaction.start()
        assert not await select_has_outdated(connection)
        await connection.execute(f"UPDATE projects SET {change} WHERE id = $1", made)  # noqa: S608
        assert await select_has_outdated(connection)
        await transaction.rollback()
