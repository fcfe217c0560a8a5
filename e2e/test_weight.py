"""What a page of ours takes over the wire, as the browser counts it."""

import pytest

LARGEST = 60_000  # bytes as sent, of the page and all that it brings along

# Everything that was transferred, the icons included, which a headless browser does not ask for.
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
