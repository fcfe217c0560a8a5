"""The accent: one colour of an organiser's, and the tones of it that are legible in light and in dark.

Contrast is measured as WCAG 2.2 defines it. The colours here are those of app/static/css/tokens.css.
"""

from collections.abc import Callable
from functools import lru_cache

# What text of the accent's colour stands on, and the text that stands on the accent.
LIGHT = ("#fbfcfb", "#f1f5f2")
DARK = ("#101513", "#19201d")
WHITE, BLACK = "#ffffff", "#000000"
AA = 4.5
DARK_TONE = 6.0  # the contrast of the tone for the dark theme: light text on dark needs a little more
STEPS = 100

Colour = tuple[int, int, int]


class TooFaint(ValueError):
    """Text of this colour would be hard to read; the message has the measured contrast."""


@lru_cache(16)
def accent_css(accent: str) -> str:
    """Return a style sheet with the tones of a colour "#rrggbb". Raises TooFaint."""
    light, dark = light_tones(accent), dark_tones(accent)
    return (
        f"@layer tokens {{\n  :root {{ {_declare(light)} }}\n"
        f"  @media screen and (prefers-color-scheme: dark) {{ :root {{ {_declare(dark)} }} }}\n}}\n"
    )


def light_tones(accent: str) -> dict[str, str]:
    """Return the values of the accent's properties in the light theme. Raises TooFaint."""
    measured = min(contrast(accent, paper) for paper in LIGHT)
    if measured < AA:
        darker = _until(accent, BLACK, lambda tone: _least(tone, LIGHT) >= AA)
        raise TooFaint(
            f"Links in this colour have a contrast of {measured:.1f} on the light background, and "
            f"4.5 is needed to read them. Use a darker colour, such as {darker}."
        )
    wash = _until(mix(accent, LIGHT[0], 0.86), LIGHT[0], lambda tone: contrast(accent, tone) >= AA)
    return {
        "accent": accent,
        "accent-strong": mix(accent, BLACK, 0.22),
        "accent-wash": wash,
        "on-accent": WHITE,
    }


def dark_tones(accent: str) -> dict[str, str]:
    """Return the values for the dark theme, from a tone that is light enough for it."""
    tone = _until(accent, WHITE, lambda tone: _least(tone, DARK) >= DARK_TONE)
    wash = _until(mix(tone, DARK[0], 0.75), DARK[0], lambda wash: contrast(tone, wash) >= AA)
    text = _until(mix(tone, BLACK, 0.8), BLACK, lambda text: contrast(tone, text) >= AA)
    return {
        "accent": tone,
        "accent-strong": mix(tone, WHITE, 0.35),
        "accent-wash": wash,
        "on-accent": text,
    }


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, from 1 to 21."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def mix(colour: str, other: str, share: float) -> str:
    """Return the colour with this share of the other one."""
    pairs = zip(_channels(colour), _channels(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def _until(colour: str, target: str, is_enough: Callable[[str], bool]) -> str:
    """Return the first mix of the colour with the target that is enough, or the target."""
    for step in range(STEPS):
        tone = mix(colour, target, step / STEPS)
        if is_enough(tone):
            return tone
    return target


def _least(tone: str, papers: tuple[str, ...]) -> float:
    return min(contrast(tone, paper) for paper in papers)


def _luminance(colour: str) -> float:
    weights = (0.2126, 0.7152, 0.0722)
    return sum(w * _linear(c / 255) for w, c in zip(weights, _channels(colour), strict=True))


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def _channels(colour: str) -> Colour:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _declare(tones: dict[str, str]) -> str:
    return " ".join(f"--{name}: {value};" for name, value in tones.items())
