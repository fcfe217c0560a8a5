"""An <upvote-button> and the page of another site: colours, events, tokens, and an odd board."""

from functools import partial

import pytest
from playwright.async_api import expect

from app.accounts.queries import insert_token
from app.accounts.tokens import new_token, token_hash
from e2e.site_button import READABLE, SiteButton
from e2e.widget import DEBOUNCE, STEP
from tests.accounts.handover.site import new_subject, signed
from tests.waiting import until

LIGHT, DARK = "rgb(11, 110, 79)", "rgb(95, 211, 163)"  # of a vote up
GIVE = """(token) => {
    window.given = token;
    UpvoteButton.token = async () => window.given;
}"""
STREAMS = "window.fetched.filter((address) => address.includes('/live?')).length"
SIGN_IN, REFUSED = "Sign in to vote.", "Sign in again."


def values(sent) -> list[int]:
    return [request["value"] for request in sent]


async def forget_windows(button: SiteButton) -> None:
    """Count the windows that the page opens, and open none."""
    await button.page.evaluate("() => { window.opened = 0; window.open = () => { opened += 1; }; }")


async def opened(button: SiteButton) -> int:
    return await button.page.evaluate("window.opened")


async def record(button: SiteButton, name: str) -> None:
    """Keep the details of these events of the page, and prevent what follows them."""
    await button.page.evaluate(
        """(name) => {
            window.told = [];
            document.addEventListener(name, (event) => {
                event.preventDefault();
                window.told.push(event.detail);
            });
        }""",
        name,
    )


async def told(button: SiteButton) -> list[dict]:
    return await button.page.evaluate("window.told")


async def watch_console(button: SiteButton) -> None:
    """Keep what the page writes to its console from now on, so that it is no fault of the test."""
    await button.page.evaluate(
        """() => {
            window.written = [];
            for (const name of ['warn', 'error'])
                console[name] = (...parts) => window.written.push([name, ...parts].join(' '));
        }"""
    )


async def written(button: SiteButton) -> list[str]:
    return await button.page.evaluate("window.written")


async def give(button: SiteButton, token: str) -> None:
    """Say who reads the page now, and wait until the button follows for that reader."""
    before = await button.page.evaluate(STREAMS)
    await button.page.evaluate(GIVE, token)
    followed = partial(button.page.evaluate, f"{STREAMS} > {before}")
    await button.wait_until(followed, "for another stream")


async def other_token(board, db) -> str:
    token = new_token()
    await insert_token(db, (await board.user()).id, token_hash(token), "other")
    return token


async def test_it_follows_the_color_scheme_of_the_page(embed):
    [button] = await embed()
    await button.page.emulate_media(color_scheme="dark")
    await button.click("up")
    await expect(button.up).to_have_css("color", LIGHT)  # the page has not said that it can be dark
    await button.page.evaluate("document.documentElement.style.colorScheme = 'light dark'")
    await expect(button.up).to_have_css("color", DARK)


async def test_the_page_is_told_each_change(embed):
    [button] = await embed()
    await record(button, "upvote:change")
    await button.click("down")
    await button.settle()
    change = {"key": button.key, "vote": -1, "score": -1, "upvotes": 0, "downvotes": 1}
    assert await told(button) == [change]


async def test_a_page_may_have_a_sign_in_of_its_own(embed):
    [button] = await embed(is_visitor=True)
    await forget_windows(button)
    await record(button, "upvote:sign-in")
    await button.click("up")
    await until(lambda: told(button), "for the event")
    assert await told(button) == [{"key": button.key}]
    assert await opened(button) == 0
    await expect(button.message).to_have_text("")


@pytest.mark.parametrize("fault", ["ended", "refused"])
async def test_a_click_after_the_site_has_signed_its_reader_out_is_answered(embed, base, fault):
    """The page has no token any more, whether its last one has ended or the board has refused it."""
    [button] = await embed()
    await give(button, signed(aud=base, sub=new_subject()))
    await forget_windows(button)
    await button.click("up")
    assert await button.painted() == [1, 1]
    await button.page.evaluate("window.given = null")
    if fault == "ended":
        await button.page.evaluate("Date.now = () => 32503680000000")  # in the year 3000
    else:
        await button.answer(lambda route: route.fulfill(status=401, headers=READABLE, body="{}"))
    await button.wait(DEBOUNCE)
    await expect(button.message).to_have_text(SIGN_IN)
    assert await opened(button) == 1
    await button.wait(STEP)
    await button.expect(vote=0, score=0)


async def test_a_vote_is_sent_before_another_reader_comes(embed, board, db):
    """As that of the one who clicked; a page may also set the token again for the same reader."""
    [button] = await embed()
    await button.click("up")
    await give(button, await other_token(board, db))
    await button.expect(vote=0, score=1, version=1)
    await button.click("up")
    await give(button, await button.page.evaluate("window.given"))
    await button.expect(vote=1, score=2, version=2)
    assert values(await button.settle()) == [1, 1]


async def test_a_token_that_comes_late_takes_the_invitation_back(embed, board, db):
    [button] = await embed(is_visitor=True)
    await forget_windows(button)
    await button.click("up")
    await expect(button.message).to_have_text(SIGN_IN)
    await give(button, await other_token(board, db))
    await expect(button.message).to_have_text("")


@pytest.mark.parametrize("source", ["throw 'no'", "return '<h1>404 Not Found'", "return {token: 'a'}"])
async def test_a_token_function_that_fails_is_written_to_the_console(embed, source):
    [button] = await embed()
    await button.click("up")
    await button.settle()
    await watch_console(button)
    await button.page.evaluate(f"() => {{ UpvoteButton.token = async () => {{ {source}; }}; }}")
    await button.wait(STEP)
    await button.expect(vote=0, score=1)  # as for a visitor
    assert (await written(button))[0].startswith("error UpvoteButton.token failed")
    await forget_windows(button)
    await button.click("up")
    await expect(button.message).to_have_text(SIGN_IN)


async def test_a_token_that_the_board_refuses_is_explained(embed, board, db):
    """To the page's makers by the console, and to its reader by the message; it opens no board."""
    [button] = await embed()
    await give(button, await other_token(board, db))
    await forget_windows(button)
    await watch_console(button)
    body = '{"error": "unauthorized", "message": "The token has ended."}'
    await button.answer(lambda route: route.fulfill(status=401, headers=READABLE, body=body))
    await button.click("up")
    # After the page has been asked once more.
    await button.wait_until(partial(written, button), "for the console")
    assert await written(button) == ["warn The token has ended."]
    await expect(button.message).to_have_text(REFUSED)
    assert await opened(button) == 0
    await button.expect(vote=0, score=0)


async def test_the_stream_ends_with_the_last_button(embed):
    [button] = await embed()
    page = button.page
    await page.evaluate(
        """() => {
            window.ended = 0;
            const {abort} = AbortController.prototype;
            AbortController.prototype.abort = function () { window.ended += 1; abort.call(this); };
            document.querySelector('upvote-button').remove();
        }"""
    )
    await button.wait_until(partial(page.evaluate, "window.ended === 1"), "for the end of the stream")


async def test_a_stream_that_says_nothing_is_opened_again(embed):
    [button] = await embed()
    await button.page.route("**/live*", lambda route: None)  # it never answers
    await give(button, "uv_silent")
    before = await button.page.evaluate(STREAMS)
    await button.page.unroute_all()
    opened_again = partial(button.page.evaluate, f"{STREAMS} > {before}")
    await button.wait_until(opened_again, "for another stream", step=STEP * 100)


@pytest.mark.parametrize("body", ['{"maintenance": true}', "null", "<h1>Soon</h1>"])
async def test_an_odd_answer_does_not_stop_the_reading(embed, board, db, body):
    [button] = await embed()
    given = 0

    async def answer_oddly(route) -> None:
        nonlocal given
        await route.fulfill(headers=READABLE, body=body)
        given += 1

    async def tried_twice() -> bool:
        return given >= 2

    await button.page.route("**/api/tallies*", answer_oddly)
    await button.click("up")
    await button.settle()
    await button.page.evaluate(GIVE, await other_token(board, db))
    await button.wait_until(tried_twice, "for a second try", step=STEP * 10)
    has_read = partial(button.form.evaluate, "(element) => !element.isStale")
    assert not await has_read()
    await button.page.unroute_all()
    await button.wait_until(has_read, "for an answer that can be read", step=STEP * 10)
    await button.expect(vote=0, score=1)
