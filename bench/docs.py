"""Writes the tables of the bench into docs/benchmarks.md."""

import re
from pathlib import Path

DOCS = Path(__file__).parent.parent / "docs" / "benchmarks.md"


def write_section(name: str, text: str) -> None:
    """Replace what is between the two comments about the table of `name`."""
    begin, end = (f"<!-- {edge} of the table of {name} -->" for edge in ("begin", "end"))
    section = re.compile(f"{re.escape(begin)}.*{re.escape(end)}", re.DOTALL)
    page, found = section.subn(lambda _: f"{begin}\n{text}\n{end}", DOCS.read_text())
    assert found == 1, f"{DOCS} has {found} sections for the table of {name}"
    DOCS.write_text(page)
