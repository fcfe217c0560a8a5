"""Forward the output of web and worker to the terminal."""

import os
import select
import subprocess
import sys
import threading

from app.output import CHUNK_BYTES, DroppingOutput, drain_output

_copying = threading.Lock()  # held while something has been read and is not queued yet


def forward_output(stdout: int, stderr: int) -> None:
    """Copy what comes from these two file descriptors to our own output until they are closed.

    supervisord writes to pipes and not to our own stdout: it opens /dev/fd/1 again for each program,
    which fails if our stdout is a socket or belongs to another user. The copy never waits for our own
    stdout: a full pipe would stop supervisord.
    """
    for source, target in ((stdout, sys.stdout), (stderr, sys.stderr)):
        output = target if isinstance(target, DroppingOutput) else DroppingOutput(target.fileno())
        threading.Thread(target=_copy, args=(source, output), daemon=True).start()


def forward_output_of(process: subprocess.Popen[bytes]) -> list[int]:
    """Forward the output of a process that has pipes for it; return their file descriptors."""
    pipes = [pipe.fileno() for pipe in (process.stdout, process.stderr) if pipe]
    forward_output(*pipes)
    return pipes


def stop_forwarding() -> None:
    """Write what has been read; what comes from now on is for the next program of this process."""
    _copying.acquire()
    drain_output()


def _copy(source: int, target: DroppingOutput) -> None:
    waiting = select.poll()
    waiting.register(source, select.POLLIN)
    while waiting.poll():
        with _copying:
            chunk = os.read(source, CHUNK_BYTES)
            if not chunk:
                return
            target.put(chunk)
