"""An <upvote-button> on a page of another site, as a person sees and uses it."""

from dataclasses import dataclass

from playwright.async_api import Locator, Page, Route

from e2e.widget import STEP, Widget
from tests.waiting import until

# What a page of another site needs to read an answer that a test gives in the board's place.
READABLE = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "Retry-After"}


@dataclass(frozen=True)
class SiteButton(Widget):
    key: str = ""

    @property
    def form(self) -> Locator:
        return self.page.locator(f'upvote-button[key="{self.key}"]')

    async def answer(self, handler) -> None:
        """Let `handler(route)` answer this button's votes instead of the board."""

        async def answer(route: Route) -> None:
            if self.key in (route.request.post_data or ""):
                await handler(route)
            else:
                await route.fallback()

        await self.page.route("**/api/votes", answer)


async def until_ready(page: Page) -> None:
    """Move a stopped clock until all buttons of the page can be used and are followed."""

    async def ready() -> bool:
        await page.clock.run_for(STEP)
        return await page.evaluate(
            """() => {
                const isFollowed = window.fetched.some((address) => address.includes('/live?'));
                return isFollowed && !Array.from(document.querySelectorAll('upvote-button')).some(
                    ({shadowRoot}) => shadowRoot.querySelector('button').disabled);
            }"""
        )

    await until(ready, "until the buttons can be used")
