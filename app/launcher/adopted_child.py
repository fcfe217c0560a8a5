"""A child process known by its id alone: it was started before this process became this program."""

import os
import signal
import subprocess
import time

STEP_SECONDS = 0.02  # between two looks while it is waited for


class AdoptedChild:
    """What Daemon (app/launcher/supervisor.py) needs of a subprocess.Popen."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return the exit code, or None while the child runs."""
        if self.returncode is None:
            try:
                ended, status = os.waitpid(self.pid, os.WNOHANG)
            except ChildProcessError:  # whoever started us ignores SIGCHLD, so its code is lost
                ended, status = self.pid, 0
            if ended:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Return the exit code when the child has ended. Raises subprocess.TimeoutExpired."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            if deadline is not None and time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0.0)
            time.sleep(STEP_SECONDS)
        return code

    def terminate(self) -> None:
        self._send(signal.SIGTERM)

    def end(self, timeout: float) -> None:
        """Ask the child to end, and kill it after `timeout` seconds."""
        self.terminate()
        try:
            self.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            self.wait()

    def kill(self) -> None:
        self._send(signal.SIGKILL)

    def _send(self, number: signal.Signals) -> None:
        if self.poll() is None:  # otherwise the id may be that of another process
            os.kill(self.pid, number)
