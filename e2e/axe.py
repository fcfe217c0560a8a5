"""What axe-core finds wrong with a page, in every look that people may have of it; and the focus."""

from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import Page

Look = tuple[int, str]  # width in px, colour scheme

FIRST: Look = (360, "light")
OPPOSITE: Look = (1280, "dark")
BY_ALL_RULES = (FIRST, (1280, "light"))
HEIGHT = 800
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Scheme and width change what can be seen, where it is and in which colours; names, roles and the order
# of headings stay. On a phone and on a desk all rules together are seen.
OF_LOOKS = {
    "color-contrast",
    "link-in-text-block",
    "scrollable-region-focusable",
    "target-size",
}
# Of a list a few rows: the others are drawn by the same template. Preloading is for rules about style
# sheets, of which none is among these.
RUN = """async (runOnly) => {
    const options = {runOnly, resultTypes: ['violations'], preload: false};
    const {violations} = await axe.run({exclude: ['.project:nth-child(n + 5)']}, options);
    return violations.flatMap(({id, nodes}) => nodes.map(({target}) => `${id} ${target}`));
}"""


async def find_faults(page: Page, look: Look) -> list[str]:
    """Returns the faults of a page that is shown in this look; in the first look those of the opposite
    one as well.
    """
    await page.evaluate(AXE_SCRIPT)
    faults = await _faults(page, look, WCAG if look in BY_ALL_RULES else sorted(OF_LOOKS))
    if look != FIRST:
        return faults
    await show(page, OPPOSITE)
    faults += await _faults(page, OPPOSITE, sorted(OF_LOOKS))
    await show(page, FIRST)
    return faults


async def _faults(page: Page, look: Look, rules: list[str]) -> list[str]:
    return [f"{page.url} {look}: {fault}" for fault in await page.evaluate(RUN, rules)]


# What can have the focus and does not show it; the key before tells the browser that keys are used.
UNSEEN = """Array.from(document.querySelectorAll('a[href], button, input, textarea, select, summary'))
    .filter((each) => each.checkVisibility() && !each.disabled && !seen(each))
    .map((each) => each.outerHTML.slice(0, 120));
    function seen(each) {
        each.focus();
        const {outlineStyle, outlineWidth} = getComputedStyle(each);
        return outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2;
    }"""


async def find_unseen_focus(page: Page) -> list[str]:
    """Whatever takes the focus without showing that it has it."""
    await page.keyboard.press("Tab")
    unseen = await page.evaluate(f"() => {{ return {UNSEEN} }}")
    await page.evaluate("document.activeElement.blur()")
    return [f"focus not seen on {each}" for each in unseen]


async def show(page: Page, look: Look) -> None:
    """Give the page this width and scheme, without loading it again."""
    width, scheme = look
    await page.set_viewport_size({"width": width, "height": HEIGHT})
    await page.emulate_media(color_scheme=scheme)
