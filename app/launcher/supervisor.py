"""supervisord as a child process, and the calls to its XML-RPC interface."""

import contextlib
import http.client
import socket
import subprocess
import threading
import time
import xmlrpc.client
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from xml.parsers.expat import ExpatError

from app.errors import OperatorError
from app.launcher import leftovers, supervisor_config
from app.launcher.adopted_child import AdoptedChild
from app.launcher.output import forward_output
from app.launcher.role_command import command
from app.launcher.signals import STOP_TIMEOUT
from app.server.parent import environment_for_children

START_TIMEOUT = 60  # s; it takes 0.3 s on an idle machine
# s; for supervisord to answer, which it does at once unless it hangs. Signals wait meanwhile.
CALL_SECONDS = 10.0
# What a call raises if supervisord refuses it, does not run, or dies halfway through its answer.
CALL_ERRORS = (OSError, http.client.HTTPException, xmlrpc.client.Error, ExpatError)


class _Connection(http.client.HTTPConnection):
    """A connection over a Unix socket. Unlike that of supervisor's package, it has a time limit."""

    def __init__(self, address: str) -> None:
        super().__init__("localhost", timeout=CALL_SECONDS)
        self._address = address

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._address)


class Daemon:
    """A running supervisord, a child of this process.

    `output` are the file descriptors from which its output, and that of web and worker, is read.
    """

    def __init__(
        self,
        data_dir: Path,
        process: subprocess.Popen[bytes] | AdoptedChild,
        output: Sequence[int] = (),
    ) -> None:
        self.data_dir, self.process, self.output = data_dir, process, output

    def wait_until_up(self) -> None:
        """Return when supervisord answers. Raises OperatorError after START_TIMEOUT."""
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline and self.alive():
            with contextlib.suppress(*CALL_ERRORS), self._calls() as supervisor:
                if supervisor.getPID() == self.process.pid:
                    return
            time.sleep(0.02)
        log = supervisor_config.log_of(self.data_dir, "supervisord")
        raise OperatorError(f"supervisord did not start: see {log}")

    def alive(self) -> bool:
        """Return whether supervisord still runs."""
        return self.process.poll() is None

    def start(self, name: str) -> None:
        """Start a program without waiting for it.

        Does nothing if it already runs or does not exist, or if supervisord has died.
        """
        with contextlib.suppress(*CALL_ERRORS), self._calls() as supervisor:
            supervisor.startProcess(name, False)

    def signal(self, name: str, signal_name: str) -> None:
        """Send a program a signal such as HUP. Does nothing if the program does not run."""
        with contextlib.suppress(*CALL_ERRORS), self._calls() as supervisor:
            supervisor.signalProcess(name, signal_name)

    def programs(self) -> dict[str, dict[str, Any]]:
        """Return the state of each program by name: `pid`, `statename`, `spawnerr`, …

        It is {} if supervisord is busy, or has just died, which the next check shows.
        """
        with contextlib.suppress(*CALL_ERRORS), self._calls() as supervisor:
            return {info["name"]: info for info in supervisor.getAllProcessInfo()}
        return {}

    def pids(self) -> dict[str, int]:
        """Return the process id of each program by name, 0 for one that does not run."""
        return {name: info["pid"] for name, info in self.programs().items()}

    def check(self) -> None:
        """Restart programs that supervisord has given up. Raises OperatorError if it is dead."""
        if not self.alive():
            log = supervisor_config.log_of(self.data_dir, "supervisord")
            raise OperatorError(
                f"supervisord was killed and the board stopped: start it again, or see {log}"
            )
        for name, info in self.programs().items():
            if info["statename"] == "FATAL":
                print(f"upvote: {name} keeps failing ({info['spawnerr']}); trying again", flush=True)
                self.start(name)

    def stop(self) -> None:
        """Stop all programs in order, then supervisord; kill a process that takes too long."""
        if self.alive():
            # In a thread, since a supervisord that hangs never answers.
            threading.Thread(target=self._shut_down, daemon=True).start()
            self.process.terminate()
        try:
            self.process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        # After an orderly stop nothing is left. The children of a killed supervisord need a moment to
        # end.
        leftovers.clear(self.data_dir)

    def _shut_down(self) -> None:
        """Ask supervisord to end, which it notices sooner than a signal."""
        with contextlib.suppress(*CALL_ERRORS), self._calls() as supervisor:
            supervisor.shutdown()

    @contextlib.contextmanager
    def _calls(self) -> Iterator[Any]:
        from supervisor.xmlrpc import SupervisorTransport

        address = str(supervisor_config.socket(self.data_dir))
        transport = SupervisorTransport(None, None, f"unix://{address}")
        transport._get_connection = lambda: _Connection(address)
        try:
            proxy = xmlrpc.client.ServerProxy("http://localhost", transport)
            yield proxy.supervisor
        finally:
            transport.close()


def start_daemon(data_dir: Path, secrets: dict[str, str]) -> Daemon:
    """Start supervisord, but none of its programs. It gets the secrets in its environment.

    It has a session of its own, so that Ctrl-C reaches only serve.
    """
    process = subprocess.Popen(
        command("supervisord"),
        env=environment_for_children(**secrets),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    return Daemon(data_dir, process, forward_output(process))
