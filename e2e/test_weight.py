"""The bytes that a page transfers, as the browser counts them."""

import pytest

LARGEST = 45_000  # bytes as transferred, of the page and everything that it loads

# All transfers, including the icons, which a headless browser does not load by itself.
WEIGH = """async () => {
    const icons = Array.from(document.querySelectorAll('link[rel~=icon], link[rel=apple-touch-icon]'));
    await Promise.all(icons.map(async ({href}) => (await fetch(href)).blob()));
    const entries = ['navigation', 'resource'].flatMap((type) => performance.getEntriesByType(type));
    return Object.fromEntries(entries.map(({name, encodedBodySize}) => [name, encodedBodySize]));
}"""


@pytest.mark.parametrize("path", ["/", "/?sort=top&t=all", "/projects/{project}"])
async def test_a_page_weighs_less_than_45_kb_in_all(new_context, board, places, path):
    page = await (await new_context(await board.user())).new_page()
    await page.goto(path.format(**places), wait_until="load")
    weights = await page.evaluate(WEIGH)
    kinds = {name.partition("?")[0].rpartition(".")[2] for name in weights if "/static/" in name}
    assert kinds == {"css", "js", "svg", "ico", "png"}
    assert all(weights.values()), weights
    assert 20_000 < sum(weights.values()) < LARGEST, weights


@pytest.mark.parametrize("path", ["/", "/projects/{project}", "/screen"])
async def test_a_first_visit_makes_six_requests_at_most_and_keeps_what_it_loads(
    new_context, places, path
):
    page = await (await new_context()).new_page()
    answers = []
    page.on("response", lambda response: answers.append(response))
    await page.goto(path.format(**places), wait_until="load")
    loaded = [answer for answer in answers if "/live" not in answer.url]
    icons = 1  # a headless browser does not load it by itself
    assert len(loaded) + icons <= 6, [answer.url for answer in loaded]
    static = [answer for answer in loaded if "/static/" in answer.url]
    assert len({answer.url for answer in static}) == len(static) >= 2
    assert all("immutable" in answer.headers["cache-control"] for answer in static)
