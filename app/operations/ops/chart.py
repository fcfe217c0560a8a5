"""A series as a line to draw: SVG points in a box of WIDTH by HEIGHT."""

from dataclasses import dataclass

from app.operations.ops.samples import KEPT, Series

WIDTH, HEIGHT = 360, 60


@dataclass(frozen=True)
class Chart:
    name: str
    unit: str
    points: str  # of a polyline, newest at the right; empty for less than two values
    now: str
    most: str


def draw(series: Series) -> Chart:
    values = series.values[-KEPT:]
    top = max([*values, 0.0])
    step = WIDTH / (KEPT - 1)
    first = WIDTH - step * (len(values) - 1)
    points = [
        f"{first + step * n:.1f},{HEIGHT - (HEIGHT - 2) * value / (top or 1.0) - 1:.1f}"
        for n, value in enumerate(values)
    ]
    line = " ".join(points) if len(points) > 1 else ""
    return Chart(series.name, series.unit, line, number(values[-1] if values else 0.0), number(top))


def number(value: float) -> str:
    """As many digits as anybody reads."""
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:.1f}"
