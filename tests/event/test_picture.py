"""The picture of the results: well-formed with any title, and nothing is wider than its column."""

from xml.etree import ElementTree

import pytest

from app.event.picture import BAR_WIDTH, TITLE_SIZE, TITLE_WIDTH, clip

SVG = "{http://www.w3.org/2000/svg}"


async def picture_of(event, path="/results.svg"):
    status, text = await event.get(path)
    assert status == 200
    return ElementTree.fromstring(text)  # noqa: S314 (our own)


def texts_of(picture):
    return ["".join(text.itertext()) for text in picture.iter(f"{SVG}text")]


async def test_any_title_makes_a_well_formed_picture(event):
    titles = ["</text><script>alert(1)</script>", "&amp; ]]> \x0b", "שלום", "🏳️‍🌈" * 20, "W" * 120]
    for title in titles:
        await event.project(title, 1)
    await event.services.persist_events()
    picture = await picture_of(event)
    assert titles[0] in texts_of(picture)
    assert not list(picture.iter(f"{SVG}script"))


async def test_bars_follow_the_scores_and_a_negative_score_has_none(event):
    await event.organise(name="Hack & Tell")
    for title, votes in {"Four": [1] * 4, "One": [1], "Minus": [-1]}.items():
        await event.project(title, *votes)
    await event.services.persist_events()
    picture = await picture_of(event)
    widths = [int(rect.get("width")) for rect in picture.iter(f"{SVG}rect") if rect.get("rx")]
    assert widths == [BAR_WIDTH, BAR_WIDTH // 4, 0]
    texts = texts_of(picture)
    assert {"Hack & Tell", "Four", "−1", "6 votes of 6 people"} < set(texts)
    assert any("Results so far" in text for text in texts)
    assert any(text.endswith("+00:00 UTC") for text in texts)


async def test_the_picture_of_a_track_names_it(event):
    await event.track("art", "Art")
    await event.project("Statue", 1, track="art")
    await event.project("Kite", 1)
    await event.services.persist_events()
    texts = texts_of(await picture_of(event, "/results.svg?track=art"))
    assert "Statue" in texts
    assert "Kite" not in texts
    assert any(text.startswith("Art ·") for text in texts)


@pytest.mark.parametrize(("character", "fit"), [("i", 73), ("W", 30), ("語", 25), ("a", 41)])
def test_a_title_that_is_too_wide_ends_with_an_ellipsis(character, fit):
    assert clip(character * fit, TITLE_SIZE, TITLE_WIDTH) == character * fit
    clipped = clip(character * (fit + 1), TITLE_SIZE, TITLE_WIDTH)
    assert clipped.endswith("…")
    assert len(clipped) <= fit
