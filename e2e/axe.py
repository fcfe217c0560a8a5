"""Check a page with axe-core in every width and colour scheme, and check that focus is visible."""

from axe_playwright_python.base import AXE_SCRIPT
from playwright.async_api import Page

Look = tuple[int, str]  # width in px, colour scheme

FIRST: Look = (360, "light")
OPPOSITE: Look = (1280, "dark")
BY_ALL_RULES = (FIRST, (1280, "light"))
HEIGHT = 800
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Scheme and width change positions, colours and visibility, but no names, roles or order of headings.
# The looks of a phone and of a desktop together cover all rules.
OF_LOOKS = {
    "color-contrast",
    "link-in-text-block",
    "scrollable-region-focusable",
    "target-size",
}
# The rules about a page as a whole; all others look at an element and what is around it.
OF_PAGES = [
    *("bypass", "document-title", "duplicate-id-aria", "heading-order", "html-has-lang"),
    *("landmark-no-duplicate-banner", "landmark-no-duplicate-contentinfo", "landmark-one-main"),
    *("landmark-unique", "page-has-heading-one", "region"),
]
# One template renders all rows of a list, and axe takes twice as long with all of them.
REMOVE_ROWS = "document.querySelectorAll('.project:nth-child(n + 5)').forEach((row) => row.remove())"
# No preloading, which only rules about style sheets need.
RUN = """async (runOnly) => {
    const options = {runOnly, resultTypes: ['violations'], preload: false};
    const {violations} = await axe.run(document, options);
    return violations.flatMap(({id, nodes}) => nodes.map(({target}) => `${id} ${target}`));
}"""


def rules_of(look: Look) -> list[str]:
    """Return what axe-core checks in this look, if it runs in all of them."""
    return WCAG if look in BY_ALL_RULES else sorted(OF_LOOKS)


async def find_faults(page: Page, look: Look, rules: list[str]) -> list[str]:
    """Return the faults of a page, which has this look, by these rules.

    Only the first rows of a list are left on the page.
    """
    await page.evaluate(REMOVE_ROWS)
    await page.evaluate(AXE_SCRIPT)
    return [f"{page.url} {look}: {fault}" for fault in await page.evaluate(RUN, rules)]


# What most rules look at, whatever the texts and however many rows: an element in its parent, its
# classes and the names of its attributes.
KINDS = """() => [...new Set(Array.from(document.querySelectorAll('*'), (each) => [
    each.parentElement?.localName, each.localName, each.className, ...each.getAttributeNames().sort(),
].join(' ')))]"""


async def kinds_of_elements(page: Page) -> set[str]:
    """Return the kinds of elements on a page. Elements of one kind differ in texts and numbers."""
    return set(await page.evaluate(KINDS))


# Elements that can have the focus but do not show it. A key press first makes the browser show focus.
UNSEEN = """Array.from(document.querySelectorAll('a[href], button, input, textarea, select, summary'))
    .filter((each) => each.checkVisibility() && !each.disabled && !seen(each))
    .map((each) => each.outerHTML.slice(0, 120));
    function seen(each) {
        each.focus();
        const {outlineStyle, outlineWidth} = getComputedStyle(each);
        return outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2;
    }"""


async def find_unseen_focus(page: Page) -> list[str]:
    """Return the elements that take the focus without showing it."""
    await page.keyboard.press("Tab")
    unseen = await page.evaluate(f"() => {{ return {UNSEEN} }}")
    await page.evaluate("document.activeElement.blur()")
    return [f"focus not seen on {each}" for each in unseen]


async def show(page: Page, look: Look) -> None:
    """Set the width and the scheme of the page without loading it again."""
    width, scheme = look
    await page.set_viewport_size({"width": width, "height": HEIGHT})
    await page.emulate_media(color_scheme=scheme)
