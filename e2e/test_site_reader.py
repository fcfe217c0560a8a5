"""An <upvote-button> and the page of another site: colours, events, tokens, and an odd board."""

from playwright.async_api import expect

from e2e.site_button import SiteButton
from tests.waiting import until

LIGHT, DARK = "rgb(11, 110, 79)", "rgb(95, 211, 163)"  # of a vote up


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
