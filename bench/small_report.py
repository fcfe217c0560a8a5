"""Writes what an idle board needs as a table, as JSON, and into the docs."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.docs import write_section

HERE = Path(__file__).parent
RESULTS = HERE / "small.json"
MIB = 1024 * 1024
ALL = "all of `upvote serve`"


@dataclass(frozen=True)
class Start:
    """What a start took: s until the first front page and until ready, and CPU s of all processes."""

    page: float
    ready: float
    cpu: float


@dataclass(frozen=True)
class Part:
    """`processes` of one kind: their CPU (share of a core), wake-ups a second, and PSS (bytes)."""

    name: str
    processes: int
    cpu: float
    wakes: float
    pss: int


@dataclass(frozen=True)
class Small:
    """Both starts, and each kind of process over `seconds` without a request."""

    seconds: int
    first: Start
    second: Start
    parts: list[Part]


def total(name: str, parts: Sequence[Part]) -> Part:
    """Return the sum of the parts under a name."""
    return Part(
        name,
        sum(part.processes for part in parts),
        sum(part.cpu for part in parts),
        sum(part.wakes for part in parts),
        sum(part.pss for part in parts),
    )


def table(result: Small) -> str:
    """Return two Markdown tables: the starts, and the idle processes."""
    starts = [
        _start("first start", result.first, "10 s"),
        _start("second start", result.second, "4 s"),
    ]
    found = sorted(result.parts, key=lambda part: -part.pss)
    rows = [_idle(part) for part in (*found, total(f"**{ALL}**", found))]
    return "\n".join(
        [
            "| start | first front page, s | ready, s | goal | CPU of all processes, s |",
            "| --- | --- | --- | --- | --- |",
            *starts,
            "",
            f"| idle for {result.seconds} s | processes | CPU, % | wake-ups a second | PSS, MiB |",
            "| --- | --- | --- | --- | --- |",
            *rows,
            "| goal | | less than 1 | | 200 |",
        ]
    )


def write(result: Small) -> None:
    """Write the result to the JSON file, and the tables into their section of the docs."""
    RESULTS.write_text(json.dumps(asdict(result), indent=1) + "\n")
    write_section("bench.small", table(result))


def _start(name: str, start: Start, goal: str) -> str:
    return f"| {name} | {start.page:.1f} | {start.ready:.1f} | {goal} | {start.cpu:.1f} |"


def _idle(part: Part) -> str:
    return (
        f"| {part.name} | {part.processes} | {100 * part.cpu:.2f} | {part.wakes:.1f} "
        f"| {part.pss / MIB:.1f} |"
    )
