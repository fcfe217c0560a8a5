"""Writes the result as a table, as JSON and as a chart."""

import json
from dataclasses import asdict, dataclass
from html import escape
from pathlib import Path

from bench.figures import Figure

HERE = Path(__file__).parent
RESULTS = HERE / "results.json"
CHART = HERE.parent / "docs" / "images" / "bench.svg"
HEAD = ("figure", "measured", "goal", "ratio", "p50 ms", "p99 ms", "errors", "CPU µs each")


@dataclass(frozen=True)
class Result:
    """The figures of one run, problems with the vote counts, and a description of the machine."""

    figures: list[Figure]
    problems: list[str]
    machine: dict[str, str]

    @property
    def noop(self) -> float:
        """Return the requests a second of the ASGI app that does nothing."""
        return self.figures[0].value


def table(result: Result) -> str:
    """Return a Markdown table; `ratio` is the ratio to the no-op of the same run."""
    rows = [HEAD, ("---",) * len(HEAD), *(_row(figure, result.noop) for figure in result.figures)]
    lines = [f"| {' | '.join(row)} |" for row in rows]
    lines += ["", ", ".join(f"{name} {value}" for name, value in result.machine.items())]
    lines += [
        "",
        *(
            result.problems
            or ["The load generator, Redis and PostgreSQL counted the same number of votes."]
        ),
    ]
    return "\n".join(lines)


def write(result: Result) -> None:
    """Write the result and the chart to the files that the docs use."""
    RESULTS.write_text(json.dumps(asdict(result), indent=1, ensure_ascii=False) + "\n")
    CHART.write_text(chart(result))


def _row(figure: Figure, noop: float) -> tuple[str, ...]:
    digits = 0 if figure.value >= 100 else 2
    return (
        figure.name,
        f"{figure.value:,.{digits}f} {figure.unit}",
        figure.goal,
        f"{figure.value / noop:.4f}" if figure.over_noop else "",
        "" if figure.p50 is None else f"{figure.p50:.1f}",
        "" if figure.p99 is None else f"{figure.p99:.1f}",
        "" if figure.p50 is None else str(figure.errors),
        ", ".join(f"{role} {us:.0f}" for role, us in figure.cpu.items() if us >= 0.5),
    )


WIDTH, LINE, LEFT = 760, 30, 330


def chart(result: Result) -> str:
    """Return an SVG of the rates; a square-root scale shows a page beside the much faster no-op."""
    bars = [figure for figure in result.figures if figure.over_noop]
    top = max(figure.value for figure in bars) ** 0.5
    height = LINE * len(bars) + 20
    body = "\n".join(_bar(n, figure, top) for n, figure in enumerate(bars))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'font-family="system-ui, sans-serif" font-size="13">\n'
        f"<title>Requests a second, on a square-root scale</title>\n"
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>\n{body}\n</svg>\n'
    )


def _bar(n: int, figure: Figure, top: float) -> str:
    y, width = 10 + LINE * n, (WIDTH - LEFT - 80) * figure.value**0.5 / top
    return (
        f'<text x="{LEFT - 10}" y="{y + 18}" text-anchor="end" fill="#24302a">'
        f"{escape(figure.name)}</text>"
        f'<rect x="{LEFT}" y="{y + 4}" width="{width:.0f}" height="20" rx="3" fill="#2f7d5b"/>'
        f'<text x="{LEFT + width + 6:.0f}" y="{y + 18}" fill="#24302a">{figure.value:,.0f}</text>'
    )
