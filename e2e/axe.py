"""What axe-core finds wrong with a page, in every look that people may have of it; and the focus."""

from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import Page

Look = tuple[int, str]  # width in px, colour scheme

LOOKS: list[Look] = [(360, "light"), (1280, "light"), (1280, "dark"), (360, "dark")]
HEIGHT = 800
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Scheme and width change what can be seen, where it is and in which colours; names, roles and the order
# of headings stay. The first two looks together have all rules seen on a phone and on a desk.
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


async def find_faults(page: Page) -> list[str]:
    """The faults of the page that is shown, by look; it is then back in the first look."""
    faults = []
    await page.evaluate(AXE_SCRIPT)
    for n, look in enumerate(LOOKS):
        await show(page, look)
        rules = WCAG if n < 2 else sorted(OF_LOOKS)
        faults += [f"{page.url} {look}: {fault}" for fault in await page.evaluate(RUN, rules)]
    await show(page, LOOKS[0])
    return faults


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
