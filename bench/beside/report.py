"""Writes the figures beside other work as a table, as JSON and as a chart."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from html import escape
from pathlib import Path

from bench.beside.measure import Row
from bench.docs import write_section

ROOT = Path(__file__).parent.parent.parent
RESULTS = ROOT / "bench" / "beside.json"
CHART = ROOT / "docs" / "images" / "beside.svg"
HEAD = (
    "beside", "votes p50 ms", "p99 ms", "× quiet", "longest ms",
    "page p99 ms", "× quiet", "longest ms", "its own longest ms", "errors", "stolen, %",
)  # fmt: skip


def table(rows: Sequence[Row]) -> str:
    """Return a Markdown table."""
    lines = [HEAD, ("---",) * len(HEAD), *map(_cells, rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cells(row: Row) -> tuple[str, ...]:
    if row.problem:
        return (row.name, *[""] * (len(HEAD) - 3), row.problem, "")
    return (
        row.name, _number(row.votes.p50), _number(row.votes.p99), f"{row.multiple:.1f}",
        _number(row.votes.longest),
        _number(row.pages.p99), f"{row.page_multiple:.1f}", _number(row.pages.longest),
        _number(row.others.longest) if row.others.count else "", str(row.errors),
        f"{100 * row.stolen:.1f}",
    )  # fmt: skip


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def write(rows: Sequence[Row], problems: Sequence[str], machine: dict[str, str]) -> None:
    """Write figures, chart and table to the files that the docs use."""
    found = {"rows": [asdict(row) for row in rows], "problems": problems, "machine": machine}
    RESULTS.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    CHART.write_text(chart(rows))
    software = ", ".join(f"{name} {value}" for name, value in machine.items())
    picture = "![p99 of votes beside other work](images/beside.svg)"
    write_section("bench.beside", f"{picture}\n\n{table(rows)}\n\n{software}.")


WIDTH, LINE, LEFT, GOAL = 760, 24, 300, 2.0


def chart(rows: Sequence[Row]) -> str:
    """Return an SVG of the multiples of p99, with a line at the goal."""
    top = max([row.multiple for row in rows] + [2 * GOAL])
    scale, height = (WIDTH - LEFT - 60) / top, LINE * len(rows) + 36
    goal = LEFT + GOAL * scale
    body = "\n".join(_bar(8 + LINE * n, row, scale) for n, row in enumerate(rows))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'font-family="system-ui, sans-serif" font-size="13">\n'
        f"<title>The p99 of votes beside other work, as a multiple of that without</title>\n"
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>\n{body}\n'
        f'<line x1="{goal:.0f}" x2="{goal:.0f}" y1="4" y2="{height - 24}" stroke="#b3261e"/>'
        f'<text x="{goal:.0f}" y="{height - 8}" text-anchor="middle" fill="#b3261e">goal: 2</text>\n'
        "</svg>\n"
    )


def _bar(y: int, row: Row, scale: float) -> str:
    width = row.multiple * scale
    return (
        f'<text x="{LEFT - 10}" y="{y + 15}" text-anchor="end" fill="#24302a">{escape(row.name)}</text>'
        f'<rect x="{LEFT}" y="{y + 3}" width="{width:.0f}" height="16" rx="3" fill="#2f7d5b"/>'
        f'<text x="{LEFT + width + 6:.0f}" y="{y + 15}" fill="#24302a">{row.multiple:.1f}</text>'
    )
