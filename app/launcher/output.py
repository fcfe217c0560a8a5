"""Forward the output of web and worker to the terminal."""

import os
import select
import subprocess
import sys
import threading

from app.output import CHUNK_BYTES, DroppingOutput
from app.threads import leave_signals

# Held while something has been read and is not queued yet. While it is held elsewhere, nothing is read.
forwarding = threading.Lock()


def forward_output(process: subprocess.Popen[bytes]) -> list[int]:
    """Forward the output of a process that has pipes for it; return their file descriptors."""
    # Copies, since the pipes are closed when nobody refers to the process any more.
    copies = [os.dup(pipe.fileno()) for pipe in (process.stdout, process.stderr) if pipe]
    forward_descriptors(*copies)
    return copies


def forward_descriptors(stdout: int, stderr: int) -> None:
    """Copy what comes from these two file descriptors to our own output, and close them at their end.

    supervisord writes to pipes and not to our own stdout: it opens /dev/fd/1 again for each program,
    which fails if our stdout is a socket or belongs to another user. The copy never waits for our own
    stdout: a full pipe would stop supervisord.
    """
    for source, target in ((stdout, sys.stdout), (stderr, sys.stderr)):
        output = target if isinstance(target, DroppingOutput) else DroppingOutput(target.fileno())
        threading.Thread(target=_copy, args=(source, output), daemon=True).start()


def _copy(source: int, target: DroppingOutput) -> None:
    leave_signals()
    waiting = select.poll()
    waiting.register(source, select.POLLIN)
    while waiting.poll():
        with forwarding:
            chunk = os.read(source, CHUNK_BYTES)
            if not chunk:
                os.close(source)
                return
            target.put(chunk)
