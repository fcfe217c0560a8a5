"""The buttons of a page of another site: together, without a board, without a reader."""

import pytest
from playwright.async_api import expect

from app.accounts.queries import insert_token
from app.accounts.tokens import new_token, token_hash
from app.voting.votes import Vote
from e2e.axe import FIRST, WCAG, find_faults
from e2e.site_button import READABLE, until_ready
from e2e.widget import DEBOUNCE, THROTTLE, open_still
from tests.board.organise import organise
from tests.waiting import until

__all__ = ["organise"]


def values(sent) -> list[int]:
    return [request["value"] for request in sent]


@pytest.fixture
async def up_only(organise, new_context):
    """Return a function that turns downvotes off, and waits until the web process obeys."""
    context = await new_context()

    async def obeys() -> bool:
        answer = await context.request.get("/api/tallies?keys=none")
        return not (await answer.json())["voting"]["downvotes"]

    async def up_only(**changes: str) -> None:
        await organise(downvotes="no", **changes)
        await until(obeys, "until the web process obeys")

    return up_only


async def test_a_hundred_buttons_make_one_read_and_one_stream(embed):
    buttons = await embed(100)
    page = buttons[0].page
    await page.clock.run_for(3 * THROTTLE)
    fetched = await page.evaluate("window.fetched.map((address) => new URL(address).pathname)")
    assert sorted(fetched) == ["/api/tallies", "/live"]
    assert await page.evaluate("window.asked") == 1  # for the token


async def test_a_board_that_is_away_is_waited_for_quietly(embed):
    [button] = await embed()
    page = button.page
    await page.route("**/api/tallies*", lambda route: route.abort())
    await page.route("**/live*", lambda route: route.abort())
    await open_still(page, page.url)
    await button.wait(DEBOUNCE)
    await until(lambda: page.evaluate("window.fetched.length > 0"), "for a read")
    await expect(button.up).to_be_disabled()
    size = await button.form.bounding_box()
    await page.unroute_all()
    await until_ready(page)
    await button.click("up")
    await button.settle()
    await button.expect(vote=1, score=1, version=1)
    assert await button.form.bounding_box() == size  # nothing has moved


async def test_a_visitor_is_led_to_the_board(embed, base):
    [button] = await embed(is_visitor=True)
    await button.expect_painted(vote=0, score=0)
    async with button.page.context.expect_page() as opened:
        await button.up.click()
    board = await opened.value
    await expect(board).to_have_url(f"{base}/projects/{button.project_id}")
    assert await board.evaluate("window.opener") is None
    assert await button.settle() == []
    await expect(button.message).to_have_text("")  # after the time to read it


@pytest.mark.long
@pytest.mark.parametrize("fault", ["aborted", "offline", "500", "another page", "refused", "too fast"])
async def test_f_each_fault_is_said(embed, fault):
    [button] = await embed()
    error = '{"error": "forbidden", "message": "You cannot vote on your own project."}'
    answers = {
        "500": {"status": 500, "body": "<h1>no</h1>"},
        "another page": {"status": 200, "body": "<h1>Sign in</h1>"},
        "refused": {"status": 403, "body": error},
        "too fast": {"status": 429, "body": error, "headers": READABLE | {"Retry-After": "9"}},
    }
    texts = {
        "refused": "You cannot vote on your own project.",
        "too fast": "You are voting too fast. Try again in 9 s.",
    }

    async def answer(route):
        if fault == "aborted":
            await route.abort()
        else:
            await route.fulfill(**{"headers": READABLE} | answers[fault])

    if fault == "offline":
        await button.page.context.set_offline(True)
    else:
        await button.answer(answer)
    await button.watch()
    await button.click("up")
    await button.wait(DEBOUNCE)
    text = texts.get(fault, "Your vote may not have been saved. Try again.")
    await expect(button.message).to_have_text(text)
    assert await button.shown() == [(0, 0), (1, 1), (0, 0)]


@pytest.mark.long
async def test_the_board_decides_what_its_buttons_show(embed, up_only, organise, board, batcher):
    """Secret tallies, no downvotes, and the end of voting, as on the board's own pages."""
    await up_only(tallies="after_reveal")
    [button] = await embed()
    await batcher.cast(Vote(button.project_id, (await board.user()).id, 1))
    await expect(button.down).to_be_hidden()
    await button.click("up")
    await button.settle()
    await expect(button.form.locator("[data-vote='1'][data-secret]")).to_be_attached()
    await expect(button.form.locator("[data-score]")).to_have_text("–")
    await organise(tallies="", vote_until="now")
    await expect(button.up).to_be_disabled()
    await expect(button.form.locator("[data-score]")).to_have_text("2")
    await expect(button.form.locator(".vote-box[title='Voting has ended.']")).to_be_visible()


async def test_a_button_of_a_secret_board_says_that_its_score_is_hidden(embed, up_only, organise):
    await up_only(tallies="after_reveal")
    [button] = await embed()
    label, score = (button.form.locator(place) for place in (".vote-score-label", "[data-score]"))
    await expect(label).to_have_text("Score: hidden for now")
    await expect(score).to_have_attribute("aria-hidden", "true")
    await button.page.clock.resume()  # axe-core waits
    faults = await find_faults(button.page, FIRST, WCAG)
    assert [fault for fault in faults if "upvote-button" in fault] == []
    await organise(tallies="")
    await expect(score).to_have_text("0")
    await expect(label).to_have_text("Score: ")
    await expect(button.form.locator("[data-score][aria-hidden]")).to_have_count(0)


@pytest.mark.long
async def test_a_vote_that_was_cast_down_before_can_be_taken_back(embed, up_only):
    [button] = await embed()
    await button.click("down")
    await button.settle()
    await up_only()
    await open_still(button.page, button.page.url)
    await until_ready(button.page)
    await button.expect(vote=-1, score=-1)
    await button.down.focus()
    await button.click("down")
    await button.settle()
    await expect(button.form.locator("[data-vote='0'][data-version='2']")).to_be_attached()
    await expect(button.down).to_be_hidden()
    await expect(button.up).to_be_focused()


@pytest.mark.long
async def test_a_button_may_be_added_moved_renamed_and_removed(embed, functions):
    first, second = await embed(2)
    page = first.page
    await first.click("up")
    await page.evaluate("document.body.append(document.querySelector('upvote-button'))")
    assert await first.painted() == [1, 1]  # what is wanted has moved with it
    await first.settle()
    await first.expect(vote=1, score=1)
    await first.form.evaluate("(button, key) => button.setAttribute('key', key)", second.key)
    twins = page.locator(f'upvote-button[key="{second.key}"]')
    await page.clock.run_for(DEBOUNCE)
    await expect(twins.locator("[aria-pressed=false]:enabled")).to_have_count(4)
    await twins.last.get_by_role("button", name="Downvote").click()
    await twins.last.evaluate("(button) => button.remove()")

    async def saved() -> bool:
        state = (await functions.read([second.project_id])).get(second.project_id)
        return state is not None and state.tally.score == -1

    await until(saved, "for the vote of the removed button")
    await expect(twins.locator("[data-vote='-1']")).to_be_attached()  # by the stream


@pytest.mark.long
async def test_a_token_is_kept_until_its_end(embed):
    [button] = await embed()
    page = button.page
    for vote in (1, 0):
        await button.click("up")
        await button.settle()
        await button.expect(vote=vote, score=vote)
    assert await page.evaluate("window.asked") == 1
    await page.evaluate("Date.now = () => 32503680000000")  # in the year 3000
    await button.click("down")
    await button.wait(DEBOUNCE)
    await button.expect(vote=-1, score=-1)
    assert await page.evaluate("window.asked") == 2


@pytest.mark.long
async def test_a_token_that_is_refused_is_asked_for_once_more(embed, board, db):
    [button] = await embed()
    page = button.page
    token = new_token()
    await insert_token(db, (await board.user()).id, token_hash(token), "second")
    await page.evaluate(
        """(token) => {
            const tokens = ['uv_ended', token];
            UpvoteButton.token = async () => tokens.shift();
        }""",
        token,
    )
    await until_ready(page)
    await button.click("up")
    assert values(await button.settle()) == [1]
    await button.expect(vote=1, score=1)


@pytest.mark.long
@pytest.mark.parametrize("look", [{}, {"color_scheme": "dark"}, {"forced_colors": "active"}])
async def test_a_page_with_buttons_has_no_faults_for_assistive_technology(embed, look):
    button, *_ = await embed(3)
    await button.page.emulate_media(**look)
    await button.click("up")
    await button.settle()
    await button.expect(vote=1, score=1)
    await button.page.clock.resume()  # axe-core waits
    faults = await find_faults(button.page, FIRST, WCAG)
    assert [fault for fault in faults if "upvote-button" in fault] == []
    for place in ("up", "down"):
        box = await getattr(button, place).bounding_box()
        assert min(box["width"], box["height"]) >= 24
