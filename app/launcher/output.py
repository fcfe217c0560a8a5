"""Forward the output of web and worker to the terminal."""

import contextlib
import os
import subprocess
import sys
import threading
from typing import IO

CHUNK = 65_536  # bytes; the size of a pipe on Linux


def forward_output(process: subprocess.Popen[bytes]) -> None:
    """Copy the stdout and stderr of the process to ours until it closes them.

    The process writes to a pipe and not to our own stdout: supervisord opens /dev/fd/1 again for each
    program, which fails if our stdout is a socket or belongs to another user.
    """
    for source, target in ((process.stdout, sys.stdout), (process.stderr, sys.stderr)):
        threading.Thread(target=_copy, args=(source, target.fileno()), daemon=True).start()


def _copy(source: IO[bytes], target: int) -> None:
    while chunk := os.read(source.fileno(), CHUNK):
        # Keep reading when our own stdout is closed: a full pipe would block the board.
        with contextlib.suppress(OSError):
            _write(target, chunk)


def _write(target: int, chunk: bytes) -> None:
    while chunk:
        chunk = chunk[os.write(target, chunk) :]
