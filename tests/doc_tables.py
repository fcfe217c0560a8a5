"""Tables in the documentation."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
RUNBOOKS = ROOT / "docs/runbooks.md"


def table(page: Path, heading: str) -> list[list[str]]:
    """Return the rows of all tables below a heading, without their head rows."""
    return rows_of(page.read_text().split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0])


def rows_of(text: str) -> list[list[str]]:
    """Return the rows of all tables in a text, without their head rows."""
    blocks = re.findall(r"(?:^\|.*\n)+", text, re.M)
    return [
        [cell.strip() for cell in line.strip("|").split(" | ")]
        for block in blocks
        for line in block.splitlines()[2:]
    ]
