"""Forward the output of web and worker to the terminal."""

import os
import subprocess
import sys
import threading
from typing import IO

from app.output import CHUNK_BYTES, DroppingOutput


def forward_output(process: subprocess.Popen[bytes]) -> None:
    """Copy the stdout and stderr of the process to ours until it closes them.

    The process writes to a pipe and not to our own stdout: supervisord opens /dev/fd/1 again for each
    program, which fails if our stdout is a socket or belongs to another user. The copy never waits for
    our own stdout: a full pipe would stop supervisord.
    """
    for source, target in ((process.stdout, sys.stdout), (process.stderr, sys.stderr)):
        output = target if isinstance(target, DroppingOutput) else DroppingOutput(target.fileno())
        threading.Thread(target=_copy, args=(source, output), daemon=True).start()


def _copy(source: IO[bytes], target: DroppingOutput) -> None:
    while chunk := os.read(source.fileno(), CHUNK_BYTES):
        target.put(chunk)
