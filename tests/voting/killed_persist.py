"""Persist runs that are killed with -9 just before one of their steps.

`python -m …` reads the steps, a line each, and says with what each run has ended. Each is a process
of its own; only what they import is loaded once.
"""

import asyncio
import os
import signal
import sys
from typing import Any

from app.settings import load_settings
from app.storage.connections import open_database, open_redis
from app.voting import persist
from app.voting.persist import queries

# In the order in which they happen; the commit lies between the last two.
STEPS = {
    "select_checkpoint_for_update": persist,
    "read_entries": persist,
    "copy_incoming": queries,
    "insert_events": queries,
    "upsert_votes": queries,
    "upsert_heads": queries,
    "update_checkpoint": persist,
    "trim_events": persist,
}


async def die(*_: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def main(step: str) -> None:
    settings = load_settings()
    setattr(STEPS[step], step, die)
    await persist.persist_batch(open_redis(settings), await open_database(settings), 0)


def run(step: str) -> int:
    """The exit code of the process, a signal as its negative number."""
    pid = os.fork()
    if not pid:
        os.dup2(2, 1)  # what is logged is no exit code
        asyncio.run(main(step))
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


if __name__ == "__main__":
    for line in sys.stdin:
        print(run(line.strip()), flush=True)
