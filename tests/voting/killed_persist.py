"""A persist run that is killed with -9 just before one of its steps: `python -m … STEP`."""

import asyncio
import os
import signal
import sys
from typing import Any

from app.connections import open_database, open_redis
from app.settings import load_settings
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


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
