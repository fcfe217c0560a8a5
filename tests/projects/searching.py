"""Search as a visitor does, and read which projects a page of matches has."""

import re

from app.projects.search.indexing import make_searchable
from app.projects.search.queries import OUTDATED
from tests.waiting import until

STILL_OUTDATED = f"""
    SELECT count(*) FROM projects WHERE id = ANY ($1::bigint[]) AND (search_again OR {OUTDATED})
"""  # noqa: S608


async def until_searchable(db, project_ids):
    """Make the terms of projects as the worker does, which a test of the browser may have running."""

    async def are_made():
        await make_searchable(db)
        return not await db.fetchval(STILL_OUTDATED, project_ids)

    await until(are_made, "for the terms")


async def page_of(client, words, **more):
    answer = await client.get("/search", query_string={"q": words, **more})
    assert answer.status_code == 200
    return await answer.get_data(as_text=True)


def ids_on(page):
    return [int(number) for number in re.findall(r'id="project-(\d+)"', page)]


async def ids(client, words):
    return ids_on(await page_of(client, words))
