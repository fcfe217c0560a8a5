"""Coming back to a page shows what is true now."""

from app.voting.votes import Vote

LEAVE, RETURN = [
    f"dispatchEvent(new PageTransitionEvent('{name}', {{persisted: true}}))"
    for name in ("pagehide", "pageshow")
]


async def test_going_back_shows_the_votes_of_now(widget, board, batcher):
    await widget.click("up")
    await widget.expect(vote=1, score=1)
    await widget.page.goto("/login")
    for user in await board.users(2):
        await batcher.cast(Vote(widget.project_id, user.id, 1))
    await widget.page.go_back()
    await widget.expect(vote=1, score=3, version=3)


async def test_a_page_kept_by_the_browser_catches_up_and_takes_votes(
    widget, open_widget, board, batcher
):
    """Chromium keeps none of ours, others may; the events are those that they send then."""
    seen = await open_widget(None, widget.project_id)
    await widget.page.evaluate(LEAVE)
    await batcher.cast(Vote(widget.project_id, (await board.user()).id, 1))
    await seen.expect(vote=0, score=1, version=1)
    await widget.expect(vote=0, score=0, version=0)  # a page that is left holds no stream
    await widget.page.evaluate(RETURN)
    await widget.expect(vote=0, score=1, version=1)
    await widget.click("up")
    await widget.expect(vote=1, score=2, version=2)


async def test_a_timer_that_slept_with_its_page_sends_nothing_more(still):
    await still.click("up")
    await still.page.evaluate(f"{LEAVE}; {RETURN}")
    await still.expect(vote=1, score=1, version=1)
    assert [request["value"] for request in await still.settle()] == [1]
    await still.click("up")
    await still.settle()
    await still.expect(vote=0, score=0, version=2)
