"""Writes the figures of a growing board as a table, as JSON and as a chart."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from html import escape
from pathlib import Path

HERE = Path(__file__).parent
RESULTS = HERE / "growth.json"
CHART = HERE.parent / "docs" / "images" / "growth.svg"

# Figures of which the model is made.
STORED_BYTES = "bytes a vote in PostgreSQL, its event included"
CACHED_BYTES = "bytes a vote in Valkey, the tally not included"
CACHED = "all projects cached, s"


@dataclass
class Level:
    """A board with `votes` stored votes: its figures by name, and the number of failed requests."""

    votes: int
    figures: dict[str, float] = field(default_factory=dict)
    errors: int = 0


def table(levels: Sequence[Level]) -> str:
    """Return a Markdown table with a column for each level, and one for the ratio of last to first."""
    head = ["figure", *[f"{level.votes:,} votes" for level in levels], "last : first"]
    rows = [head, ["---"] * len(head)]
    for name in levels[0].figures:
        values = [level.figures[name] for level in levels]
        share = f"{values[-1] / values[0]:.2f}" if values[0] else ""
        rows.append([name, *[_number(value) for value in values], share])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def model(levels: Sequence[Level], votes: int) -> str:
    """Return a Markdown table of what a board with more votes than were measured would take.

    What grows with the votes goes on along the straight line through the last two levels. Other costs
    do not grow between the levels, and stay as measured.
    """
    before, last = levels[-2:]

    def line(first: float, second: float) -> float:
        slope = (second - first) / (last.votes - before.votes)
        return second + slope * (votes - last.votes)

    def total(name: str) -> float:
        return line(before.votes * before.figures[name], last.votes * last.figures[name])

    seconds = before.figures[CACHED], last.figures[CACHED]
    rows = [
        ("model of a board of", f"{votes:,} votes"),
        ("---", "---"),
        ("PostgreSQL, GB", _number(total(STORED_BYTES) / 1e9)),
        ("Valkey with all votes cached, GB", _number(total(CACHED_BYTES) / 1e9)),
        (CACHED, _number(line(*seconds))),
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def write(levels: Sequence[Level]) -> None:
    """Write the figures and the chart to the files that the docs use."""
    RESULTS.write_text(json.dumps([asdict(level) for level in levels], indent=1) + "\n")
    CHART.write_text(chart(levels))


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


WIDTH, LEFT, PLOT, THICK, GAP = 760, 250, 440, 11, 10
COLOURS = ("#9fc9b4", "#5fa384", "#2f7d5b")


def chart(levels: Sequence[Level]) -> str:
    """Return an SVG of CPU costs: a bar for each level, relative to the largest bar of its group."""
    names = [name for name in levels[0].figures if "CPU" in name and "cached" not in name]
    block = THICK * len(levels) + GAP
    height = block * len(names) + 40
    body = "\n".join(
        _group(10 + n * block, name, [level.figures[name] for level in levels])
        for n, name in enumerate(names)
    )
    legend = "".join(
        f'<text x="{LEFT + 140 * n}" y="{height - 8}" fill="{COLOURS[n]}">{level.votes:,} votes</text>'
        for n, level in enumerate(levels)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'font-family="system-ui, sans-serif" font-size="13">\n'
        f"<title>CPU costs by number of stored votes: bars of equal length mean equal costs</title>\n"
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>\n{body}\n{legend}\n</svg>\n'
    )


def _group(y: int, name: str, values: Sequence[float]) -> str:
    top = max(values)
    bars = "".join(_bar(y + n * THICK, value, value / top, n) for n, value in enumerate(values))
    middle = y + len(values) * THICK // 2 + 4
    return (
        f'<text x="{LEFT - 10}" y="{middle}" text-anchor="end" fill="#24302a">{escape(name)}</text>'
        + bars
    )


def _bar(y: int, value: float, share: float, level: int) -> str:
    width = round(PLOT * share)
    return (
        f'<rect x="{LEFT}" y="{y}" width="{width}" height="{THICK - 2}" rx="2"'
        f' fill="{COLOURS[level]}"/>'
        f'<text x="{LEFT + width + 5}" y="{y + 9}" font-size="9" fill="#24302a">{_number(value)}</text>'
    )
