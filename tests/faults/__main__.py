"""`python -m tests.faults [FAULT …]`: the table of faults; exits with 0 if every row is good."""

import asyncio
import sys
import tempfile
from pathlib import Path

from tests.faults.faults import FAULTS, NOTHING
from tests.faults.table import make_table

ARTIFACTS = Path("test-artifacts")


def main(names: list[str]) -> int:
    """Run the named faults, or all, and print the table and what is wrong."""
    if unknown := set(names) - FAULTS.keys():
        print(f"unknown: {', '.join(sorted(unknown))}. The faults are: {', '.join(FAULTS)}")
        return 2
    wanted = names or [name for name in FAULTS if name != NOTHING]
    with tempfile.TemporaryDirectory(prefix="upvote-faults-") as directory:
        idle, *rows = asyncio.run(make_table(Path(directory), wanted))
    wrong = {row.name: problems for row in rows if (problems := row.problems(idle))}
    for name, problems in wrong.items():
        print(f"{name}: {'; '.join(problems)}")
    for row in rows:
        if row.name in wrong:
            ARTIFACTS.mkdir(exist_ok=True)
            (ARTIFACTS / f"fault {row.name}.log").write_bytes(row.logged)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
