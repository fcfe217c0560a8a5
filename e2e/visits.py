"""Looks at a page as a tour does: its size, its headings, axe-core, and a screenshot."""

from pathlib import Path

from playwright.async_api import Page

from e2e.axe import (
    FIRST,
    OF_PAGES,
    OPPOSITE,
    WCAG,
    Look,
    find_faults,
    find_unseen_focus,
    kinds_of_elements,
    rules_of,
    show,
)
from e2e.layout_shift import layout_shift
from e2e.tour import Stop

PICTURES = Path(__file__).parent.parent / "test-artifacts/tour"
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
LISTS_OVERFLOW = (
    "(lists => lists && lists.scrollWidth - lists.clientWidth)(document.querySelector('.lists ul'))"
)


def options(look) -> dict[str, object]:
    return {"viewport": {"width": look[0], "height": 800}, "color_scheme": look[1]}


async def visit(page: Page, stop: Stop, places: dict[str, str], look: Look) -> list[str]:
    """Go to a stop, act, keep a screenshot, and return the faults of the page."""
    faults = await _go(page, stop, places)
    picture = PICTURES / f"{look[1]}-{look[0]}" / f"{stop.who}-{stop.name}.png"
    await page.screenshot(path=picture, full_page=True)
    faults += await find_unseen_focus(page) + await find_faults(page, look, rules_of(look))
    return _at(stop, faults)


class PhoneVisits:
    """Visits on a light phone, where axe-core checks by all rules what it has not seen on the way."""

    def __init__(self) -> None:
        self._seen: set[str] = set()  # kinds of elements
        self._look = OPPOSITE

    async def visit(self, page: Page, stop: Stop, places: dict[str, str]) -> list[str]:
        """Go to a stop, act, and return the faults. axe-core runs in each of two looks by turns."""
        faults = await _go(page, stop, places) + await find_unseen_focus(page)
        kinds = await kinds_of_elements(page)
        if kinds <= self._seen:
            return _at(stop, faults + await find_faults(page, FIRST, OF_PAGES))
        self._seen |= kinds
        self._look = OPPOSITE if self._look == FIRST else FIRST
        await show(page, self._look)
        faults += await find_faults(page, self._look, WCAG)
        await show(page, FIRST)
        return _at(stop, faults)


async def _go(page: Page, stop: Stop, places: dict[str, str]) -> list[str]:
    """Go to a stop, act, and return what is wrong with its status, width, heading and rest."""
    answer = await page.goto(stop.path.format(**places))
    assert answer is not None
    moved = await layout_shift(page)
    if stop.act:
        await stop.act(page)
        if not await page.locator(
            "details[open]"
        ).count():  # an opened detail shifts the page on purpose
            moved += await layout_shift(page)
    found = {
        f"status {answer.status}": answer.status != stop.status,
        "wider than the screen": await page.evaluate(OVERFLOW) > 0,
        "lists cut off": (await page.evaluate(LISTS_OVERFLOW) or 0) > 0,
        "not one heading": await page.locator("h1").count() != 1,
        "moved by itself": moved > 0.01,
    }
    return [fault for fault, is_so in found.items() if is_so]


def _at(stop: Stop, faults: list[str]) -> list[str]:
    return [f"{stop.who} at {stop.name}: {fault}" for fault in faults]
