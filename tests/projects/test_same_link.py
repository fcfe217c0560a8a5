"""A link that was submitted before leads to the earlier project."""

import secrets

import pytest

from app.projects.queries import insert_project, select_same_link
from tests.support import client_of


@pytest.fixture
def host() -> str:
    return f"{secrets.token_hex(5)}.example"


async def submit(board, db, url: str) -> int:
    return await insert_project(db, (await board.user()).id, f"Project at {url}"[:120], url, "")


@pytest.mark.parametrize(
    "again", ["https://{}/a?b=1", "http://{}/a?b=1", "https://www.{}/A?b=1", "https://{}/a?b=1#part"]
)
async def test_the_same_link_is_found_in_other_spellings(board, db, host, again):
    first = await submit(board, db, f"https://{host}/a?b=1")
    second = await submit(board, db, again.format(host))
    found = await select_same_link(db, second, again.format(host), 5)
    assert [other.id for other in found] == [first]


@pytest.mark.parametrize("other", ["https://{}/a?b=2", "https://{}/b?b=1", "https://x.{}/a?b=1"])
async def test_another_link_is_not_found(board, db, host, other):
    await submit(board, db, f"https://{host}/a?b=1")
    second = await submit(board, db, other.format(host))
    assert await select_same_link(db, second, other.format(host), 5) == []


async def test_the_page_links_to_the_earlier_project(app, board, db, host):
    first = await submit(board, db, f"https://{host}")
    second = await submit(board, db, f"https://{host}/")
    response = await client_of(app).get(f"/projects/{second}")
    page = await response.get_data(as_text=True)
    assert "The same link was submitted as" in page
    assert f'href="/projects/{first}"' in page


async def test_the_search_for_the_same_link_uses_an_index(board, db, host):
    async with db.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL enable_seqscan = off")
        plan = await connection.fetch(
            "EXPLAIN SELECT id FROM projects WHERE md5(link_key(url)) = md5(link_key($1)) "
            "AND url IS NOT NULL AND deleted_at IS NULL AND hidden_at IS NULL",
            f"https://{host}",
        )
    assert "projects_link" in str(plan)
