"""A lock: one command at a time runs the servers of a DATA_DIR. The kernel releases it at its end."""

import fcntl
import os
from pathlib import Path
from typing import IO

from app.errors import OperatorError


def lock(data_dir: Path) -> IO[str]:
    """Take the lock and return its file; the lock holds while the file is open.

    Raises OperatorError if another process holds it.
    """
    file = _open(data_dir / "serve.lock")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = file.read().strip() or "unknown"
        raise OperatorError(
            f"another upvote command (process {holder}), such as serve or backup, uses {data_dir}: "
            "stop it or wait for its end, or choose another DATA_DIR"
        ) from None
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def _open(path: Path) -> IO[str]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Private, since any user who can read the file could hold the lock.
        file = os.fdopen(os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600), "a+")
        os.fchmod(file.fileno(), 0o600)
    except OSError as error:
        raise OperatorError(
            f"DATA_DIR {path.parent} is not writable ({error.strerror}): choose another DATA_DIR"
        ) from None
    file.seek(0)
    return file
