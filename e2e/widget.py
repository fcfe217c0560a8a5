"""One vote widget on a page, as a person sees and works it."""

import asyncio
from dataclasses import dataclass
from itertools import groupby

from playwright.async_api import Locator, Page, Route, expect

from tests.waiting import until

DEBOUNCE, THROTTLE = 200, 500  # ms, as the settings are without a word
STEP, MINUTE = 100, 60_000  # ms
# Whether requests are under way on the page, and whether something is wanted that has not been sent.
LOOK = """() => {
    const forms = Array.from(document.querySelectorAll('form.vote'));
    const states = forms.map(window.voteIntention.known).filter(Boolean);
    return {
        busy: window.flying > 0 || states.some((state) => state.busy),
        wanting: states.some(window.voteIntention.pending),
    };
}"""

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

    async def painted(self) -> list[int]:
        """The vote and the score that are on the screen now."""
        return await self.form.evaluate(
            """(form) => [
                Number(form.querySelector('[aria-pressed=true]')?.dataset.direction ?? 0),
                Number(form.querySelector('[data-score]').innerText.replace('−', '-')),
            ]"""
        )

    async def click(self, *names: str) -> float:
        """Click buttons one after another inside the page; gives the browser's time of the last."""
        return await self.page.evaluate(
            """([id, names]) => {
                const at = performance.now();
                for (const name of names) document.querySelector(`#vote-${id} .vote-${name}`).click();
                return at;
            }""",
            [self.project_id, names],
        )

    async def burst(self, *names: str, every: int) -> float:
        """Click so many ms apart, where the clock stands still; gives the time of the last."""
        at = await self.click(names[0])
        for name in names[1:]:
            await self.wait(every)
            at = await self.click(name)
        return at

    async def wait(self, milliseconds: int) -> None:
        """Let so much time pass where the clock stands still, with all that is due meanwhile."""
        await self.page.clock.run_for(milliseconds)

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
        await until(lambda: self._has_sent(count), f"for {count} requests")

    async def _has_sent(self, count: int) -> bool:
        return len(await self.sent()) >= count

    async def until_answered(self) -> None:
        """Wait until no request of this page is under way, and the answers have been taken in."""
        await until_answered(self.page)

    async def settle(self) -> list[dict[str, float]]:
        """Let time pass, where it stands still, until nothing is wanted any more; what was sent."""
        await settle(self.page)
        return await self.sent()

    async def answer(self, handler) -> None:
        """Have `handler(route)` answer this widget's votes instead of the server."""
        await self.page.route(f"**/projects/{self.project_id}/vote", handler)


async def open_still(page: Page, address: str) -> None:
    """Open a page whose clock stands still from the start: time passes when the test says so.

    That holds for timers, frames and what tells the time; requests and streams go on.
    """
    await page.clock.install(time=0)
    await page.clock.pause_at(1)
    await page.goto(address)
    await page.clock.run_for(STEP)  # htmx looks at the page in a timer


async def settle(page: Page) -> None:
    """Let time pass, where it stands still, until the page wants nothing any more, and a minute on."""
    for _ in range(0, MINUTE, STEP):
        await until_answered(page)
        if not (await page.evaluate(LOOK))["wanting"]:
            break
        await page.clock.run_for(STEP)
    await page.clock.run_for(MINUTE)
    await until_answered(page)


async def until_answered(page: Page) -> None:
    """Wait until no request is under way; how long that takes is the machine's affair."""

    async def answered() -> bool:
        return not (await page.evaluate(LOOK))["busy"]

    await until(answered, "for an answer")


async def until_at_rest(page: Page) -> None:
    """Wait until the page wants nothing any more, where time passes by itself."""

    async def at_rest() -> bool:
        return not any((await page.evaluate(LOOK)).values())

    await until(at_rest, "for the last intention to be sent and answered")


async def late(route: Route, released: asyncio.Event) -> None:
    """The server's own answer, when the test releases it."""
    response = await route.fetch()
    await released.wait()
    await route.fulfill(response=response)


async def hesitate(route: Route, seconds: float) -> None:
    """The server's own answer, late: among random faults one more thing that differs."""
    response = await route.fetch()
    await asyncio.sleep(seconds)
    await route.fulfill(response=response)
