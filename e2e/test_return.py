"""Returning to a page shows the current votes."""

from app.voting.votes import Vote

LEAVE, RETURN = [
    f"dispatchEvent(new PageTransitionEvent('{name}', {{persisted: true}}))"
    for name in ("pagehide", "pageshow")
]


async def test_going_back_shows_the_current_votes(widget, board, batcher):
    await widget.click("up")
    await widget.expect(vote=1, score=1)
    await widget.page.goto("/login")
    for user in await board.users(2):
        await batcher.cast(Vote(widget.project_id, user.id, 1))
    await widget.page.go_back()
    await widget.expect(vote=1, score=3, version=3)


async def test_a_page_from_the_browsers_cache_is_updated_and_can_vote(
    widget, open_widget, board, batcher
):
    """Chromium does not cache these pages. The test sends the events of browsers that do."""
    seen = await open_widget(None, widget.project_id)
    await widget.page.evaluate(LEAVE)
    await batcher.cast(Vote(widget.project_id, (await board.user()).id, 1))
    await seen.expect(vote=0, score=1, version=1)
    await widget.expect(vote=0, score=0, version=0)  # a page that was left has no stream
    await widget.page.evaluate(RETURN)
    await widget.expect(vote=0, score=1, version=1)
    await widget.click("up")
    await widget.expect(vote=1, score=2, version=2)


async def test_a_timer_that_was_frozen_with_its_page_sends_nothing(still):
    await still.click("up")
    await still.page.evaluate(f"{LEAVE}; {RETURN}")
    await still.expect(vote=1, score=1, version=1)
    assert [request["value"] for request in await still.settle()] == [1]
    await still.click("up")
    await still.settle()
    await still.expect(vote=0, score=0, version=2)
