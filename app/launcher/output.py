"""The output of web and worker, passed on to the terminal."""

import contextlib
import os
import subprocess
import sys
import threading
from typing import IO

CHUNK = 65_536  # bytes; what a pipe of Linux holds


def pass_on(process: subprocess.Popen[bytes]) -> None:
    """Copy the process's stdout and stderr to ours until it closes them.

    A pipe and not our own file: supervisord opens /dev/fd/1 anew for each program, which fails
    where our stdout is a socket or belongs to somebody else.
    """
    for source, target in ((process.stdout, sys.stdout), (process.stderr, sys.stderr)):
        threading.Thread(target=_copy, args=(source, target.fileno()), daemon=True).start()


def _copy(source: IO[bytes], target: int) -> None:
    while chunk := os.read(source.fileno(), CHUNK):
        # Where nobody reads our output any more, go on emptying the pipe: the board shall not stop.
        with contextlib.suppress(OSError):
            _write(target, chunk)


def _write(target: int, chunk: bytes) -> None:
    while chunk:
        chunk = chunk[os.write(target, chunk) :]
