"""One vote widget on a page, as a person sees and works it."""

import asyncio
from dataclasses import dataclass
from itertools import groupby

from playwright.async_api import Locator, Page, Route, expect

HIDE = """(hidden) => {
    Object.defineProperty(document, 'hidden', {value: hidden, configurable: true});
    document.dispatchEvent(new Event('visibilitychange'));
}"""


@dataclass(frozen=True)
class Widget:
    page: Page
    project_id: int

    @property
    def form(self) -> Locator:
        return self.page.locator(f"#vote-{self.project_id}")

    @property
    def up(self) -> Locator:
        return self.form.get_by_role("button", name="Upvote")

    @property
    def down(self) -> Locator:
        return self.form.get_by_role("button", name="Downvote")

    @property
    def message(self) -> Locator:
        return self.form.get_by_role("status")

    async def expect(self, vote: int, score: int, version: int | None = None) -> None:
        """Wait until this is on the screen, and until it is the server's word as well."""
        await self.expect_painted(vote, score)
        await expect(self.form.locator(f"[data-vote='{vote}']")).to_be_attached()
        if version is not None:
            box = self.form.locator(".vote-box")
            await expect(box).to_have_attribute("data-version", str(version))

    async def expect_painted(self, vote: int, score: int) -> None:
        await expect(self.form.locator("[data-score]")).to_have_text(str(score).replace("-", "−"))
        await expect(self.up).to_have_attribute("aria-pressed", str(vote == 1).lower())
        await expect(self.down).to_have_attribute("aria-pressed", str(vote == -1).lower())

    async def click(self, *names: str, every: float = 0.0) -> float:
        """Click buttons one after another inside the page; gives the browser's time of the last."""
        return await self.page.evaluate(
            """async ([id, names, pause]) => {
                let at = 0;
                for (const name of names) {
                    if (at && pause) await new Promise((done) => setTimeout(done, pause));
                    at = performance.now();
                    document.querySelector(`#vote-${id} .vote-${name}`).click();
                }
                return at;
            }""",
            [self.project_id, names, every * 1000],
        )

    async def hide(self, *, hidden: bool = True) -> None:
        """Have the page be told that it is hidden, as behind another tab, or seen again."""
        await self.page.evaluate(HIDE, hidden)

    async def watch(self) -> None:
        """Note from now on whatever this widget shows, however briefly."""
        await self.page.evaluate(
            """(id) => {
                const form = document.getElementById(`vote-${id}`);
                const show = () => {
                    const [up, down] = ['up', 'down'].map((name) =>
                        form.querySelector(`.vote-${name}`)?.getAttribute('aria-pressed') === 'true');
                    const score = form.querySelector('[data-score]')?.innerText ?? 'none';
                    window.shown[id].push([up - down, score, form.innerText]);
                };
                window.shown ??= {};
                window.shown[id] = [];
                show();
                new MutationObserver(show).observe(
                    form, {subtree: true, childList: true, characterData: true, attributes: true});
            }""",
            self.project_id,
        )

    async def shown(self) -> list[tuple[int, int]]:
        """What vote and score were one after another since watch(), from the first on."""
        states = [(vote, int(score.replace("−", "-"))) for vote, score, _ in await self._noted()]
        return [state for state, _ in groupby(states)]

    async def words(self) -> set[str]:
        """All texts that the widget has had since watch()."""
        return {text for *_, text in await self._noted()}

    async def _noted(self) -> list[tuple[int, str, str]]:
        return await self.page.evaluate(f"window.shown[{self.project_id}]")

    async def sent(self) -> list[dict[str, float]]:
        """The vote requests of this page so far: value, and when in the browser's clock (ms)."""
        return await self.page.evaluate("window.sent")

    async def until_sent(self, count: int) -> None:
        """Wait until so many requests have left."""
        async with asyncio.timeout(10):
            while len(await self.sent()) < count:
                await asyncio.sleep(0.01)

    async def settle(self, seconds: float = 1.2) -> list[dict[str, float]]:
        """Let every timer of the widget run out (200 + 500 ms); the requests by then."""
        await asyncio.sleep(seconds)
        return await self.sent()

    async def answer(self, handler) -> None:
        """Have `handler(route)` answer this widget's votes instead of the server."""
        await self.page.route(f"**/projects/{self.project_id}/vote", handler)


async def slowly(route: Route, seconds: float) -> None:
    """The server's own answer, late."""
    response = await route.fetch()
    await asyncio.sleep(seconds)
    await route.fulfill(response=response)
