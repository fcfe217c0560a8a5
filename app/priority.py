"""The priority of a process that has time."""

import os

# Beside other work such a process gets a tenth of the time that each other one gets.
NICENESS = 10


def give_way() -> None:
    """Let everything else go first: votes, pages, and the servers that they need."""
    os.nice(NICENESS)
