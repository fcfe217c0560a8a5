"""Refused votes: the button shows the previous state and the reason."""

import pytest
from playwright.async_api import expect

from app.moderation.actions import moderate_project
from e2e.widget import DEBOUNCE, Widget, open_still
from tests.conftest import NO_LIMITS
from tests.processes import running_web

READ = 10_000  # ms for which a message stays


@pytest.fixture(scope="module")
async def strict(settings):
    """Yield the address of a board without self-votes and without downvotes of new accounts."""
    policies = {"self_votes": False, "min_downvote_age": 3600}
    async with running_web(settings, **NO_LIMITS, **policies) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
async def moderate(app, board, db):
    """Return a function that moderates a project as an admin."""
    admin = await board.user()
    await db.execute("UPDATE users SET is_admin = true WHERE id = $1", admin.id)
    services = app.extensions["upvote"]
    return lambda action, project_id: moderate_project(services, admin.id, action, project_id, "So.")


async def refused(widget: Widget, name: str, why: str) -> None:
    """Click; check that the button shows the vote at once, then the state before and the reason.

    A board that has just started on a busy machine may not take the first vote in time.
    """
    is_busy = True
    while is_busy:
        sent = len(await widget.sent())
        await widget.watch()
        before = await widget.shown()
        button = widget.up if name == "up" else widget.down
        await button.focus()
        await widget.click(name)
        await widget.wait(DEBOUNCE)
        await expect(widget.message).not_to_be_empty()
        message = await widget.message.text_content()
        shown = await widget.shown()
        assert len(await widget.settle()) == sent + 1
        is_busy = message is not None and "may not have been saved" in message
    assert message == why
    assert (len(shown), [shown[0]], [shown[-1]]) == (3, before, before)


async def test_a_self_vote_is_refused_with_self_votes_off(new_context, board, strict):
    author = await board.user()
    page = await (await new_context(author, base_url=strict)).new_page()
    project_id = await board.project(author)
    await open_still(page, f"/projects/{project_id}")
    widget = Widget(page, project_id)
    await refused(widget, "up", "You cannot vote on your own project.")
    await expect(widget.up).to_be_focused()


async def test_a_downvote_of_a_new_account_is_refused(new_context, board, strict):
    page = await (await new_context(await board.user(), base_url=strict)).new_page()
    project_id = await board.project()
    await open_still(page, f"/projects/{project_id}")
    widget = Widget(page, project_id)
    await refused(widget, "down", "Your account is too new to downvote.")
    await expect(widget.down).to_be_focused()
    await widget.click("up")
    await widget.settle()
    await widget.expect(vote=1, score=1)
    await expect(widget.message).to_be_empty()


async def test_a_downvote_is_refused_with_downvotes_off(still, settings):
    """The page was opened while downvotes were still on."""
    async with running_web(settings, downvotes=False, **NO_LIMITS) as port:

        async def elsewhere(route):
            address = f"http://127.0.0.1:{port}/projects/{still.project_id}/vote"
            headers = route.request.headers | {"origin": f"http://127.0.0.1:{port}"}
            await route.fulfill(response=await route.fetch(url=address, headers=headers))

        await still.answer(elsewhere)
        await refused(still, "down", "Downvotes are off on this board.")
        await expect(still.down).to_have_count(0)


async def test_a_vote_on_a_project_that_was_locked_is_refused(still, moderate):
    await moderate("lock", still.project_id)
    await refused(still, "up", "Voting is locked.")
    await expect(still.up).to_be_disabled()


async def test_a_vote_on_a_hidden_project_is_refused(still, moderate):
    await moderate("hide", still.project_id)
    await refused(still, "up", "There is no such project. It may have been removed.")


async def test_an_invalid_vote_is_refused(still):
    await still.answer(lambda route: route.continue_(post_data="value=7"))
    await refused(still, "up", "A vote needs a value: 1 for up, -1 for down, 0 to take it back.")


async def test_a_message_disappears_after_the_time_to_read_it(still, moderate):
    await moderate("lock", still.project_id)
    await still.click("up")
    await still.wait(DEBOUNCE)
    await expect(still.message).to_have_text("Voting is locked.")
    await still.wait(READ - 1)
    await expect(still.message).to_have_text("Voting is locked.")
    await still.wait(1)
    await expect(still.message).to_be_empty()
