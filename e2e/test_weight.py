"""The bytes that a page transfers, as the browser counts them."""

from collections import Counter

import pytest

from app.web.assets import imported_modules

LARGEST = 60_000  # bytes as transferred, of the page and everything that it loads

# All transfers, including the icons, which a headless browser does not load by itself.
WEIGH = """async () => {
    const icons = Array.from(document.querySelectorAll('link[rel~=icon], link[rel=apple-touch-icon]'));
    await Promise.all(icons.map(async ({href}) => (await fetch(href)).blob()));
    const entries = ['navigation', 'resource'].flatMap((type) => performance.getEntriesByType(type));
    return Object.fromEntries(entries.map(({name, encodedBodySize}) => [name, encodedBodySize]));
}"""


@pytest.mark.parametrize("path", ["/", "/?sort=top&t=all", "/projects/{project}"])
async def test_a_page_weighs_less_than_60_kb_in_all(new_context, board, places, path):
    page = await (await new_context(await board.user())).new_page()
    await page.goto(path.format(**places), wait_until="load")
    weights = await page.evaluate(WEIGH)
    kinds = {name.partition("?")[0].rpartition(".")[2] for name in weights if "/static/" in name}
    assert kinds == {"css", "js", "svg", "ico", "png"}
    assert all(weights.values()), weights
    assert 20_000 < sum(weights.values()) < LARGEST, weights


@pytest.mark.parametrize(("path", "entry"), [("/", "js/main.js"), ("/screen", "js/screen.js")])
async def test_each_module_is_fetched_once_and_can_be_kept_for_ever(new_context, path, entry):
    """A module that is preloaded by one address and imported by another would be fetched twice."""
    page = await (await new_context()).new_page()
    scripts = []
    page.on("response", lambda response: "/static/js/" in response.url and scripts.append(response))
    await page.goto(path, wait_until="load")
    paths = Counter(response.url.partition("?")[0].partition("/static/")[2] for response in scripts)
    expected = {address.partition("?")[0] for address in imported_modules(entry)} | {f"/static/{entry}"}
    assert {f"/static/{path}" for path in paths} == expected
    assert set(paths.values()) == {1}, paths
    assert all("immutable" in response.headers["cache-control"] for response in scripts)
