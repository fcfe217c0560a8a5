"""Pages of other sites and texts of users cannot make a visitor's browser do anything."""

import pytest

from app.projects.queries import insert_project
from app.voting.votes import Vote
from e2e.widget import until_listed
from tests.ports import free_port
from tests.support import session_cookie
from tests.waiting import CEILING, until

POSTING = """<!doctype html><title>Prizes</title><form method="post" action="{action}" enctype="{kind}">
<input name="value" value="1"></form><script>document.forms[0].submit()</script>"""
FETCHING = """<!doctype html><title>Prizes</title><script>
fetch('{action}', {{method: 'POST', mode: 'no-cors', credentials: 'include',
  headers: {{'Content-Type': 'application/x-www-form-urlencoded'}}, body: 'value=1'}})
  .finally(() => document.title = 'Done')</script>"""
FRAMING = '<!doctype html><title>Prizes</title><iframe src="{page}" width="600" height="400"></iframe>'
KINDS = ("application/x-www-form-urlencoded", "text/plain", "multipart/form-data")
SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'><svg onload=alert(1)>"


@pytest.fixture(params=["another site", "another port"])
async def foreign_page(request, browser, app, base, board):
    """Return a function that shows a foreign page in a browser in which a new user is signed in."""
    context = await browser.new_context()
    context.set_default_timeout(1000 * CEILING)
    cookie = {"name": "upvote_session", "value": session_cookie(app, await board.user()), "url": base}
    await context.add_cookies(
        [cookie | {"sameSite": "Lax"}]
    )  # the browser sends it to every port of the host
    site = "http://evil.test" if request.param == "another site" else f"http://127.0.0.1:{free_port()}"
    page = await context.new_page()

    async def show(html: str):
        body = {"body": html, "content_type": "text/html"}
        await context.route(f"{site}/", lambda route: route.fulfill(**body))
        answers = []
        page.on("response", lambda answer: answers.append(answer))
        await page.goto(f"{site}/")
        return page, answers

    yield show
    await context.close()


@pytest.fixture
def check_nothing(board, batcher, functions):
    """Return a check that a project has no votes after a later vote on another one was persisted."""

    async def check_nothing(project_id: int) -> None:
        later = await board.project()
        await batcher.cast(Vote(later, (await board.user()).id, 1))
        await until(lambda: board.events(later), "for a vote to be persisted")
        assert await board.events(project_id) == []
        assert set(await functions.read([project_id, later])) == {later}

    return check_nothing


@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data"]
)
async def test_a_form_of_another_site_casts_no_vote(foreign_page, base, board, check_nothing, kind):
    project_id = await board.project()
    action = f"{base}/projects/{project_id}/vote"
    page, _ = await foreign_page(POSTING.format(action=action, kind=kind))
    await page.wait_for_url(action)
    assert "another site" in await page.text_content("body")
    await check_nothing(project_id)


@pytest.mark.long
async def test_a_script_of_another_site_casts_no_vote(foreign_page, base, board, check_nothing):
    project_id = await board.project()
    page, answers = await foreign_page(FETCHING.format(action=f"{base}/projects/{project_id}/vote"))
    await page.wait_for_function("document.title == 'Done'")
    assert [answer.status for answer in answers if answer.request.method == "POST"] in ([403], [])
    await check_nothing(project_id)


@pytest.mark.long
async def test_a_frame_on_another_site_stays_empty(foreign_page, base, board):
    page, _ = await foreign_page(FRAMING.format(page=f"{base}/projects/{await board.project()}"))
    [frame] = page.frames[1:]
    await frame.wait_for_url("chrome-error:**")
    assert "Upvote" not in await frame.content()


async def test_scripts_in_texts_of_users_never_run(browser, base, board, db):
    author = await board.user()
    url = "https://example.org/" + SCRIPT.replace(" ", "%20")
    project_id = await insert_project(db, author.id, SCRIPT, url, SCRIPT)
    context, ran = await browser.new_context(), []
    context.set_default_timeout(1000 * CEILING)
    page = await context.new_page()

    async def note(dialog):
        ran.append(dialog.message)
        await dialog.dismiss()

    page.on("dialog", note)
    own = [f"/projects/{project_id}", "/?sort=new", f"/users/{author.username}", f"/embed/{project_id}"]
    given = [f"/login?next={SCRIPT}", f"/search?q={SCRIPT}", f"/{SCRIPT}"]
    await until_listed(page, project_id, base=base)
    for path in (*own, "/search?q=alert", *given):
        await page.goto(base + path)
        await page.evaluate("new Promise(requestAnimationFrame)")  # every pending script has run
        assert await page.locator("img[src=x], svg[onload]").count() == 0, path
    assert ran == []
    await context.close()
