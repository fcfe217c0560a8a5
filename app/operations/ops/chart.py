"""Draws a series as the points of an SVG line, in a box of WIDTH by HEIGHT."""

from dataclasses import dataclass

from app.operations.ops.samples import MAX_SAMPLES, Series

WIDTH, HEIGHT = 360, 60


@dataclass(frozen=True)
class Chart:
    """A chart's texts, and its line."""

    name: str
    unit: str
    points: str  # of a polyline, newest at the right; empty for fewer than two values
    latest: str
    peak: str


def draw(series: Series) -> Chart:
    """Return the chart of a series, scaled so that its highest value is at the top."""
    values = series.values[-MAX_SAMPLES:]
    top = max([*values, 0.0])
    step = WIDTH / (MAX_SAMPLES - 1)
    first = WIDTH - step * (len(values) - 1)
    points = [
        f"{first + step * n:.1f},{HEIGHT - (HEIGHT - 2) * value / (top or 1.0) - 1:.1f}"
        for n, value in enumerate(values)
    ]
    line = " ".join(points) if len(points) > 1 else ""
    return Chart(
        series.name, series.unit, line, format_number(values[-1] if values else 0.0), format_number(top)
    )


def format_number(value: float) -> str:
    """Return a number with thousands separators, and one decimal place if it is a fraction below 10."""
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:.1f}"
