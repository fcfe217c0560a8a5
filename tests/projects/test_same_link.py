"""A link that was submitted before leads to the earlier project (the same: tests/test_links.py)."""

import re
import secrets

import pytest

from app.projects.queries import insert_project
from app.projects.same_link import fill_link_keys
from tests.support import client_of


@pytest.fixture
def host() -> str:
    return f"{secrets.token_hex(5)}.example"


async def submit(board, db, url: str) -> int:
    return await insert_project(db, (await board.user()).id, f"Project at {url}"[:120], url, "")


async def others(app, project_id: int) -> list[int]:
    """Return the projects that the page names as those with the same link."""
    page = await (await client_of(app).get(f"/projects/{project_id}")).get_data(as_text=True)
    section = page.partition("The same link was submitted as")[2].partition("</section>")[0]
    return [int(number) for number in re.findall(r'href="/projects/(\d+)"', section)]


async def test_the_page_links_to_earlier_projects_with_the_same_link(app, board, db, host):
    first = await submit(board, db, f"https://{host}")
    second = await submit(board, db, f"http://www.{host.upper()}:80/?utm_source=news#part")
    third = await submit(board, db, f"https://{host}/Other")
    assert await others(app, first) == [second]
    assert await others(app, second) == [first]
    assert await others(app, third) == []


async def test_an_edited_link_is_the_one_that_counts(app, board, db, host):
    author, first = await board.user(), await submit(board, db, f"https://{host}/new")
    project_id = await board.project(author)
    form = {"title": "A", "url": f"https://{host}/new"}
    await client_of(app, author).post(f"/projects/{project_id}/edit", form=form)
    assert await others(app, first) == [project_id]
    await client_of(app, author).post(f"/projects/{project_id}/delete", form={"confirm": "yes"})
    assert await others(app, first) == []


async def test_links_that_the_version_before_wrote_get_their_keys(app, board, db, host):
    first, second = [await submit(board, db, f"https://{host}/{n}") for n in (1, 2)]
    odd = await submit(board, db, "https://./")
    # as that version submits a project, and as it edits one
    await db.execute("UPDATE projects SET link_key = NULL, link_key_of = NULL WHERE id <> $1", second)
    await db.execute("UPDATE projects SET url = $2 WHERE id = $1", second, f"https://{host}/1")
    assert await others(app, first) == []
    assert await fill_link_keys(db) >= 3
    assert await others(app, first) == [second]
    assert await others(app, odd) == []
    assert await fill_link_keys(db) == 0


async def test_a_locked_project_gets_its_key_later(board, db, host):
    held, free = [await submit(board, db, f"https://{host}/{n}") for n in (1, 2)]
    await db.execute("UPDATE projects SET link_key_of = NULL WHERE id = ANY ($1)", [held, free])
    async with db.acquire() as connection, connection.transaction():
        await connection.execute("UPDATE projects SET url = url || 'x' WHERE id = $1", held)
        assert await fill_link_keys(db) == 1
    assert await fill_link_keys(db) == 1
