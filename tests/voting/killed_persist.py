"""Persist runs that are killed with -9 just before one of their steps.

The module reads one step per line and prints the exit code of each run. Every run is a process of
its own; only the imports are shared.
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

# In the order in which they run.
STEPS = {
    "select_checkpoint_for_update": persist,
    "read_entries": persist,
    "copy_incoming": queries,
    "insert_events": queries,
    "upsert_votes": queries,
    "upsert_heads": queries,
    "update_checkpoint": persist,
    "keep_events": persist,
    "note_persisted": persist,
    "trim_events": persist,
}
AFTER_COMMIT = ("note_persisted", "trim_events")


async def die(*_: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def main(step: str) -> None:
    settings = load_settings()
    setattr(STEPS[step], step, die)
    await persist.persist_batch(open_redis(settings), await open_database(settings), 0)


def run(step: str) -> int:
    """Return the exit code of the process; a signal is a negative number."""
    pid = os.fork()
    if not pid:
        os.dup2(2, 1)  # keeps logs away from the exit codes
        asyncio.run(main(step))
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


if __name__ == "__main__":
    for line in sys.stdin:
        print(run(line.strip()), flush=True)
