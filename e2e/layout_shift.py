"""How far the content of a page has moved by itself."""

from playwright.async_api import Page

# The layout shift score: people notice 0.1 and more. A frame has been painted when the next one begins.
SHIFT = """async () => {
    for (let n = 0; n < 2; n += 1) await new Promise(requestAnimationFrame);
    const observer = new PerformanceObserver(() => {});
    observer.observe({type: 'layout-shift', buffered: true});
    return observer.takeRecords().reduce((sum, {value}) => sum + value, 0);
}"""


async def layout_shift(page: Page) -> float:
    """Return the layout shift score of the page since it was opened."""
    return await page.evaluate(SHIFT)
