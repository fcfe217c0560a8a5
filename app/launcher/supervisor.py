"""supervisord as our child, and the few calls that we make to it."""

import contextlib
import subprocess
import time
import xmlrpc.client
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.errors import OperatorError
from app.launcher import leftovers, supervisor_config
from app.launcher.launch import command
from app.launcher.output import pass_on
from app.server.parent import environment_for_children

START_TIMEOUT = 60  # s; it takes 0.3 s on an idle machine
# The seconds that all programs together may take (supervisor_config.PROGRAMS: 8 + 8 + 10 + 30) and a few more.
STOP_TIMEOUT = 60


class Daemon:
    """A running supervisord. It has a session of its own, so that Ctrl-C reaches only serve."""

    def __init__(self, data_dir: Path, secrets: dict[str, str]) -> None:
        """Start it without programs; the secrets go into its environment."""
        self.data_dir = data_dir
        self.process = subprocess.Popen(
            command("supervisord"),
            env=environment_for_children(**secrets),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        pass_on(self.process)

    def wait_until_up(self) -> None:
        """Return when it answers calls."""
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline and self.alive():
            with contextlib.suppress(OSError, xmlrpc.client.Error), self._calls() as supervisor:
                if supervisor.getPID() == self.process.pid:
                    return
            time.sleep(0.02)
        log = supervisor_config.log_of(self.data_dir, "supervisord")
        raise OperatorError(f"supervisord did not start: see {log}")

    def alive(self) -> bool:
        """Whether supervisord still runs."""
        return self.process.poll() is None

    def start(self, name: str) -> None:
        """Start a program without waiting for it; one that runs already is fine."""
        with contextlib.suppress(xmlrpc.client.Fault), self._calls() as supervisor:
            supervisor.startProcess(name, False)

    def signal(self, name: str, signal_name: str) -> None:
        """Send a program a signal, as HUP; nothing happens if it does not run."""
        with contextlib.suppress(OSError, xmlrpc.client.Error), self._calls() as supervisor:
            supervisor.signalProcess(name, signal_name)

    def programs(self) -> dict[str, dict[str, Any]]:
        """What supervisord knows of each program: `pid`, `statename`, `spawnerr`, …"""
        with self._calls() as supervisor:
            return {info["name"]: info for info in supervisor.getAllProcessInfo()}

    def stop(self) -> None:
        """Stop all programs in their order, then supervisord; kill what takes too long."""
        if self.alive():
            with contextlib.suppress(OSError, xmlrpc.client.Error), self._calls() as supervisor:
                supervisor.shutdown()  # sooner noticed than the signal, which is sent in any case
            self.process.terminate()
        try:
            self.process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        # Nothing is left after an orderly stop; a killed supervisord's children need a moment.
        leftovers.clear(self.data_dir)

    @contextlib.contextmanager
    def _calls(self) -> Iterator[Any]:
        from supervisor.xmlrpc import SupervisorTransport

        transport = SupervisorTransport(None, None, f"unix://{supervisor_config.socket(self.data_dir)}")
        try:
            proxy = xmlrpc.client.ServerProxy("http://localhost", transport)
            yield proxy.supervisor
        finally:
            transport.close()
