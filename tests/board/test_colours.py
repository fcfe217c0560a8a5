"""The accent is legible in light and in dark, or refused with the measured contrast."""

import re

import pytest

from app.board.colours import (
    AA,
    DARK,
    LIGHT,
    TooFaint,
    accent_css,
    contrast,
    dark_tones,
    light_tones,
)
from app.board.parse import BadValue, parse_value
from app.board.settings import BoardSettings

TOKENS = "app/static/css/tokens.css"
GOOD = ["#0b6e4f", "#7a3e9d", "#000000", "#0000ff", "#8f3277", "#b3261e", "#e00000", "#595959"]
FAINT = ["#ffffff", "#ff0000", "#ffd400", "#888888", "#00ff00"]


def test_contrast_is_that_of_the_standard():
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)
    assert contrast("#0000ff", "#ffffff") == pytest.approx(8.59, abs=0.005)


@pytest.mark.parametrize("accent", GOOD)
def test_every_pair_of_text_and_background_is_legible_in_both_themes(accent):
    for tones, papers in ((light_tones(accent), LIGHT), (dark_tones(accent), DARK)):
        pairs = [(tones["accent"], paper) for paper in (*papers, tones["accent-wash"])]
        pairs += [(tones["accent-strong"], paper) for paper in papers]
        pairs += [(tones["on-accent"], tones[name]) for name in ("accent", "accent-strong")]
        for text, paper in pairs:
            assert contrast(text, paper) >= AA, (text, paper)


@pytest.mark.parametrize("accent", FAINT)
def test_a_faint_colour_is_refused_with_its_contrast_and_a_darker_one(accent):
    with pytest.raises(BadValue) as raised:
        parse_value("accent", accent, BoardSettings(), None)
    measured = min(contrast(accent, paper) for paper in LIGHT)
    assert f"a contrast of {measured:.1f}" in str(raised.value)
    accent_css(re.search("such as (#[0-9a-f]{6})", str(raised.value))[1])


def test_black_text_of_any_case_is_taken():
    assert parse_value("accent", "#7A3E9D", BoardSettings(), None) == "#7a3e9d"
    with pytest.raises(TooFaint):
        accent_css("#ffffff")


def test_the_backgrounds_are_those_of_the_style_sheets():
    with open(TOKENS) as file:
        values = re.findall(r"--(?:paper|wash): (#[0-9a-f]{6})", file.read())
    assert tuple(values) == (*LIGHT, *DARK)
