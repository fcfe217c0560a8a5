"""A process of the board that a test can kill, stop, continue and start again."""

import contextlib
import os
import signal
import subprocess
from pathlib import Path

import psutil

from app.server.parent import environment_for_children
from tests.waiting import CEILING


class Program:
    """A command that can be started many times; its output goes to a file under `logs`.

    Start it from the main thread: Linux ends a child when the thread that made it ends.
    """

    def __init__(self, name: str, command: list[str], logs: Path, **variables: object) -> None:
        self.name = name
        self._command = command
        self._variables = {key.upper(): str(value) for key, value in variables.items()}
        self.log = logs / f"{name}.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._is_ending = False

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def configure(self, **variables: object) -> None:
        """Change its environment from the next start on."""
        self._variables |= {key.upper(): str(value) for key, value in variables.items()}

    def start(self) -> None:
        assert not self.runs
        self._is_ending = False
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                self._command,
                env=environment_for_children(**self._variables),
                stdout=output,
                stderr=output,
                process_group=0,
            )

    def kill9(self) -> None:
        """Kill it, like a crash. Its children must notice by themselves."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(CEILING)

    def children(self) -> list[psutil.Process]:
        """Return its child processes: the web processes, or the backends of PostgreSQL."""
        with contextlib.suppress(psutil.NoSuchProcess):
            return psutil.Process(self.pid).children(recursive=True)
        return []

    def pause(self) -> None:
        """Make it hang with all its children: connections stay open, but nothing is answered."""
        self._signal_all(signal.SIGSTOP)

    def resume(self) -> None:
        """Undo pause()."""
        self._signal_all(signal.SIGCONT)

    def ask_to_end(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Ask it to shut down; end() waits for that."""
        if self.runs and not self._is_ending:
            assert self._process is not None
            self._is_ending = True
            self.resume()
            self._process.send_signal(how)

    def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Shut it down, and kill it if that fails."""
        if not self.runs:
            return
        assert self._process is not None
        self.ask_to_end(how)
        try:
            self._process.wait(CEILING)
        except subprocess.TimeoutExpired:
            self.kill9()

    def log_end(self, lines: int = 15) -> str:
        """Return the end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def _signal_all(self, signum: signal.Signals) -> None:
        if self.runs:
            for pid in (self.pid, *[child.pid for child in self.children()]):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signum)
