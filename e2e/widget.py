"""A vote widget on a page, as a person sees and uses it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from playwright.async_api import Locator, Page, Route, expect

from tests.waiting import until

DEBOUNCE, THROTTLE = 200, 500  # ms, the defaults of the settings
STEP, MINUTE = 100, 60_000  # ms
# Whether requests are under way on the page, and whether a wanted vote has not been sent.
# Importing the module by the page's own address gives the instance that the page uses.
# A button on another site does not show its intention, but what is wanted and what is confirmed.
LOOK = """async () => {
    const script = document.querySelector('script[type=module][src*="/js/main.js?"]');
    const elements = Array.from(document.querySelectorAll('upvote-button'), ({shadowRoot}) => {
        const pressed = shadowRoot.querySelector('[aria-pressed=true]')?.dataset.direction ?? '0';
        return {pending: pressed !== shadowRoot.querySelector('.vote-box').dataset.vote};
    });
    const intentions = script ? (await import(script.src)).voteIntentions() : elements;
    return {
        busy: window.flying > 0 || intentions.some((intention) => intention.inFlight),
        wanting: intentions.some((intention) => intention.pending),
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
        """Wait until the screen shows this and the server has confirmed it."""
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
        """Return the vote and the score on the screen."""
        return await self.form.evaluate(
            """(form) => {
                const root = form.shadowRoot ?? form;
                const pressed = root.querySelector('[aria-pressed=true]');
                const score = root.querySelector('[data-score]').innerText;
                return [Number(pressed?.dataset.direction ?? 0), Number(score.replace('−', '-'))];
            }"""
        )

    async def click(self, *names: str) -> float:
        """Click buttons one after another inside the page; return the browser time of the last one."""
        return await self.form.evaluate(
            """(form, names) => {
                const at = performance.now();
                const root = form.shadowRoot ?? form;
                for (const name of names) root.querySelector(`.vote-${name}`).click();
                return at;
            }""",
            names,
        )

    async def vote_until_saved(self, name: str) -> None:
        """Click, and again after each time that a busy machine did not take the vote in time."""
        wanted = {"up": 1, "down": -1}[name]
        while (await self.painted())[0] != wanted:
            await self.click(name)
            await until_at_rest(self.page)
            await asyncio.sleep(STEP / 1000)

    async def burst(self, *names: str, every: int) -> float:
        """Click so many ms apart with a stopped clock; return the time of the last click."""
        at = await self.click(names[0])
        for name in names[1:]:
            await self.wait(every)
            at = await self.click(name)
        return at

    async def wait(self, milliseconds: int) -> None:
        """Move a stopped clock by so many ms and run the timers that are due."""
        await self.page.clock.run_for(milliseconds)

    async def wait_until(
        self, look: Callable[[], Awaitable[Any]], what: str, *, step: int = STEP
    ) -> None:
        """Move a stopped clock by `step` ms again and again, until look() returns a true value."""

        async def seen() -> Any:
            await self.wait(step)
            return await look()

        await until(seen, what)

    async def hide(self, *, hidden: bool = True) -> None:
        """Send the page the event for being hidden behind another tab, or shown again."""
        await self.page.evaluate(HIDE, hidden)

    async def watch(self) -> None:
        """Record everything that this widget shows from now on, however briefly."""
        await self.form.evaluate(
            """(form, id) => {
                const root = form.shadowRoot ?? form;
                const show = () => {
                    const [up, down] = ['up', 'down'].map((name) =>
                        root.querySelector(`.vote-${name}`)?.getAttribute('aria-pressed') === 'true');
                    const score = root.querySelector('[data-score]')?.innerText ?? 'none';
                    window.shown[id].push([up - down, score, root.innerText ?? root.textContent]);
                };
                window.shown ??= {};
                window.shown[id] = [];
                show();
                new MutationObserver(show).observe(
                    root, {subtree: true, childList: true, characterData: true, attributes: true});
            }""",
            self.project_id,
        )

    async def shown(self) -> list[tuple[int, int]]:
        """Return the successive votes and scores since watch()."""
        states = [(vote, int(score.replace("−", "-"))) for vote, score, _ in await self._recorded()]
        return [state for state, _ in groupby(states)]

    async def words(self) -> set[str]:
        """Return all texts that the widget has had since watch()."""
        return {text for *_, text in await self._recorded()}

    async def _recorded(self) -> list[tuple[int, str, str]]:
        return await self.page.evaluate(f"window.shown[{self.project_id}]")

    async def sent(self) -> list[dict[str, float]]:
        """Return the vote requests of this page so far: value, and browser time in ms."""
        return await self.page.evaluate("window.sent")

    async def until_sent(self, count: int) -> None:
        """Wait until so many requests were sent."""
        await until(lambda: self._has_sent(count), f"for {count} requests")

    async def _has_sent(self, count: int) -> bool:
        return len(await self.sent()) >= count

    async def until_answered(self) -> None:
        """Wait until no request of this page is under way and the answers are applied."""
        await until_answered(self.page)

    async def settle(self) -> list[dict[str, float]]:
        """Move the clock until no vote is pending; return the requests that were sent."""
        await settle(self.page)
        return await self.sent()

    async def answer(self, handler) -> None:
        """Let `handler(route)` answer this widget's votes instead of the server."""
        await self.page.route(f"**/projects/{self.project_id}/vote", handler)


async def open_still(page: Page, address: str) -> None:
    """Open a page with a stopped clock, which only the test moves.

    This affects timers, frames and the time of day; requests and streams continue.
    """
    await page.clock.install(time=0)
    await page.clock.pause_at(1)
    await page.goto(address)
    await page.clock.run_for(STEP)  # htmx processes the page in a timer


async def until_listed(page: Page, *project_ids: int, base: str = "") -> None:
    """Wait until the page's reader finds these in the list of new projects.

    A web process makes a list once for everybody who asks within half a second, and a test that writes
    to the database does not tell it.
    """

    async def is_listed() -> bool:
        answer = await page.request.get(f"{base}/?sort=new")
        html = await answer.text()
        return all(f'id="vote-{project_id}"' in html for project_id in project_ids)

    await until(is_listed, "for the new projects in the list")


async def settle(page: Page) -> None:
    """Move the clock until no vote of the page is pending, and then by another minute."""
    for _ in range(0, MINUTE, STEP):
        await until_answered(page)
        if not (await page.evaluate(LOOK))["wanting"]:
            break
        await page.clock.run_for(STEP)
    await page.clock.run_for(MINUTE)
    await until_answered(page)


async def until_answered(page: Page) -> None:
    """Wait until no request is under way."""

    async def answered() -> bool:
        return not (await page.evaluate(LOOK))["busy"]

    await until(answered, "for an answer")


async def until_at_rest(page: Page) -> None:
    """Wait until no vote of the page is pending, with a running clock."""

    async def at_rest() -> bool:
        return not any((await page.evaluate(LOOK)).values())

    await until(at_rest, "for the last intention to be sent and answered")


async def late(route: Route, released: asyncio.Event) -> None:
    """Pass the server's answer on when the test releases it."""
    response = await route.fetch()
    await released.wait()
    await route.fulfill(response=response)
