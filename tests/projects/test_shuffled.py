"""The shuffled list: its own order for each reader, the same all through."""

import re

from app.projects.shuffle import COOKIE
from tests.support import client_of


async def read(client, path="/?sort=shuffled"):
    """Return the projects of all pages in their order."""
    found = []
    while path:
        text = await (await client.get(path)).get_data(as_text=True)
        found += [int(number) for number in re.findall(r'<li class="project" id="project-(\d+)"', text)]
        following = re.search(r'href="([^"]*)" rel="next"', text)
        path = following and following[1].replace("&amp;", "&")
    return found


async def test_each_reader_has_an_order_that_stays(app, board):
    for _ in range(60):
        await board.project()
    one, two = await board.users(2)
    orders = [await read(client_of(app, account)) for account in (one, two, one)]
    assert orders[0] == orders[2] != orders[1]
    assert len(set(orders[0])) == len(orders[0])
    assert sorted(orders[0]) == sorted(orders[1])
    assert len(orders[0]) >= 60
    visitor, other = client_of(app), client_of(app)
    first = await read(visitor)
    assert first == await read(visitor)
    assert sorted(first) == sorted(orders[0])
    assert first != await read(other)


async def test_new_projects_neither_repeat_nor_skip_those_of_later_pages(app, board):
    for _ in range(60):
        await board.project()
    client = client_of(app, await board.user())
    before = await read(client)
    text = await (await client.get("/?sort=shuffled")).get_data(as_text=True)
    following = re.search(r'href="([^"]*)" rel="next"', text)[1].replace("&amp;", "&")
    new = {await board.project() for _ in range(30)}
    rest = await read(client, following)
    assert [number for number in rest if number not in new] == before[25:]
    assert len(set(rest)) == len(rest)


async def test_a_visitor_without_cookies_reads_on_in_the_same_order(app, board):
    for _ in range(60):
        await board.project()
    client = app.test_client(use_cookies=False)
    found = await read(client)
    assert len(set(found)) == len(found) >= 60


async def test_the_cookie_of_a_visitor_is_random_and_out_of_reach_of_scripts(app, board):
    await board.project()
    answer = await client_of(app).get("/?sort=shuffled")
    [cookie] = answer.headers.getlist("Set-Cookie")
    assert cookie.startswith(f"{COOKIE}=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    forged = client_of(app)
    forged.set_cookie("localhost", COOKIE, "0")
    assert (await forged.get("/?sort=shuffled")).headers.getlist("Set-Cookie")
    assert not (await client_of(app).get("/?sort=new")).headers.getlist("Set-Cookie")


async def test_the_api_pages_through_the_same_projects(app, board):
    for _ in range(60):
        await board.project()
    found, after = [], ""
    while after is not None:
        page = await (await client_of(app).get(f"/api/projects?sort=shuffled&after={after}")).get_json()
        found += [project["id"] for project in page["projects"]]
        after = page["next"]
    assert len(set(found)) == len(found) >= 60
