"""`python -m bench.beside`: 1,000 votes a second, and in turn beside them what else a board does.

For each activity it compares the votes and a page with the time without it, just before and after. The
goal: no p99 of votes is more than twice as long, and no answer takes longer than 250 ms.
"""

import argparse
import sys
from pathlib import Path

from app.commands.signals import interrupt_on_signals
from bench.beside.board import VOTE_RATE
from bench.beside.run import ACTIVITIES, Options, run
from bench.beside.stored import VOTERS, VOTES, Sizes


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.beside", description=__doc__)
    parser.add_argument("--list", action="store_true", help="list the activities, and measure nothing")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="those whose names contain a NAME")
    parser.add_argument("--seconds", type=float, default=10, help="of a window (default: 10)")
    parser.add_argument("--rate", type=float, default=VOTE_RATE, help="votes a second (1,000)")
    parser.add_argument("--votes", type=int, default=VOTES, help=f"stored (default: {VOTES:,})")
    parser.add_argument("--voters", type=int, default=VOTERS, help=f"of one project ({VOTERS:,})")
    parser.add_argument("--stored", type=Path, help="a directory that keeps the data for the next run")
    parser.add_argument("--web", type=int, default=1, help="web processes (default: 1)")
    parser.add_argument(
        "--keep", action="store_true", help="keep the results in the docs instead of overwriting them"
    )
    given = parser.parse_args()
    interrupt_on_signals()
    chosen = [a for a in ACTIVITIES if not given.only or any(n in a.name for n in given.only)]
    if given.list or not chosen:
        print(*(activity.name for activity in chosen or ACTIVITIES), sep="\n")
        return 0 if chosen else 2
    sizes = Sizes(given.votes, given.voters)
    # A part of the table must not take the place of all of it.
    keep = given.keep or bool(given.only)
    return run(Options(keep, given.seconds, given.rate, given.web, sizes, given.stored), chosen)


if __name__ == "__main__":
    sys.exit(main())
