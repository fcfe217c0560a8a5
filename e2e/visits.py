"""Looks at a page as a tour does: its size, its headings, axe-core, and a screenshot."""

from pathlib import Path

from playwright.async_api import Page

from e2e.axe import find_faults, find_unseen_focus
from e2e.layout_shift import layout_shift
from e2e.tour import Stop

PICTURES = Path(__file__).parent.parent / "test-artifacts/tour"
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
LISTS_OVERFLOW = (
    "(lists => lists && lists.scrollWidth - lists.clientWidth)(document.querySelector('.lists ul'))"
)


def options(look) -> dict[str, object]:
    return {"viewport": {"width": look[0], "height": 800}, "color_scheme": look[1]}


async def visit(page: Page, stop: Stop, places: dict[str, str], look) -> list[str]:
    """Go to a stop, act, keep a screenshot, and return the faults of the page."""
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
    picture = PICTURES / f"{look[1]}-{look[0]}" / f"{stop.who}-{stop.name}.png"
    await page.screenshot(path=picture, full_page=True)
    faults = [fault for fault, is_so in found.items() if is_so] + await find_unseen_focus(page)
    faults += await find_faults(page, look)
    return [f"{stop.who} at {stop.name}: {fault}" for fault in faults]
