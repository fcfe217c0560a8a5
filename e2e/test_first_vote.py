"""A new user signs up, submits a project and votes, and the vote reaches PostgreSQL."""

import re
import secrets

from playwright.async_api import expect

from e2e.widget import Widget, until_listed
from tests.waiting import until


async def test_a_new_user_signs_up_submits_and_votes(new_context, board):
    page = await (await new_context()).new_page()
    name = f"new-{secrets.token_hex(4)}"
    await page.goto("/")
    await page.get_by_role("link", name="Register").first.click()
    await page.get_by_label("Username").fill(name)
    await page.get_by_label("Password").fill("correct horse")
    await page.get_by_role("main").get_by_role("button").click()
    await page.get_by_role("link", name="Submit").first.click()
    await page.get_by_label("Title").fill("A lamp that knows the moon")
    await page.get_by_label("Link").fill("https://moon.example/lamp")
    await page.get_by_label("Description").fill("It wanes.")
    await page.get_by_role("main").get_by_role("button").click()
    await expect(page).to_have_url(re.compile(r"/projects/\d+$"))
    widget = Widget(page, int(page.url.rsplit("/", 1)[1]))
    await widget.expect(vote=0, score=0, version=0)
    await widget.up.click()
    await widget.expect(vote=1, score=1, version=1)
    votes = await until(lambda: board.votes(widget.project_id), "for the vote in PostgreSQL")
    assert list(votes.values()) == [1]
    assert len(await board.events(widget.project_id)) == 1
    await page.reload()
    await widget.expect(vote=1, score=1, version=1)


async def test_a_visitor_who_votes_signs_in_and_returns_to_the_project(new_context, board, base):
    page = await (await new_context()).new_page()
    project_id = await board.project()
    await until_listed(page, project_id)
    await page.goto("/?sort=new")
    await Widget(page, project_id).click("up")
    await page.wait_for_url(f"{base}/login?next=%2Fprojects%2F{project_id}")
    await page.get_by_role("main").get_by_role("link", name="Register").click()
    await page.get_by_label("Username").fill(f"later-{secrets.token_hex(4)}")
    await page.get_by_label("Password").fill("correct horse")
    await page.get_by_role("main").get_by_role("button").click()
    await expect(page).to_have_url(f"{base}/projects/{project_id}")
