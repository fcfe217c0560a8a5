"""Run a Valkey that stores nothing, whose losses the harness must detect. Needs DATA_DIR."""

import os
import signal
from pathlib import Path

from app.launcher import valkey
from app.server.parent import tie_to_parent

if __name__ == "__main__":
    tie_to_parent(signal.SIGTERM)
    program = [*valkey.command(Path(os.environ["DATA_DIR"])), "--appendonly", "no"]
    os.execv(program[0], program)  # noqa: S606 - no shell wanted
