"""Search as a visitor does, and read which projects a page of matches has."""

import re


async def page_of(client, words, **more):
    answer = await client.get("/search", query_string={"q": words, **more})
    assert answer.status_code == 200
    return await answer.get_data(as_text=True)


def ids_on(page):
    return [int(number) for number in re.findall(r'id="project-(\d+)"', page)]


async def ids(client, words):
    return ids_on(await page_of(client, words))
