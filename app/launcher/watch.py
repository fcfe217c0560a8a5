"""Watch the programs while the board runs."""

import time
import xmlrpc.client

from app.errors import OperatorError
from app.launcher import supervisor_config
from app.launcher.supervisor import Daemon

INTERVAL = 0.5  # s between two checks


def watch(daemon: Daemon) -> None:
    """Print a line for each restart of a program, until supervisord dies. Then raises OperatorError."""
    last = _pids(daemon)
    while True:
        time.sleep(INTERVAL)
        check(daemon)
        now = _pids(daemon)
        for name in now:
            if now[name] != last.get(name) and now[name]:
                print(f"upvote: {name} had stopped and was restarted", flush=True)
        last = {name: pid or last.get(name, 0) for name, pid in now.items()}


def check(daemon: Daemon) -> None:
    """Restart programs that supervisord has given up. Raises OperatorError if supervisord is dead."""
    if not daemon.alive():
        log = supervisor_config.log_of(daemon.data_dir, "supervisord")
        raise OperatorError(
            f"supervisord was killed and the board stopped: start it again, or see {log}"
        )
    try:
        for name, info in daemon.programs().items():
            if info["statename"] == "FATAL":
                print(f"upvote: {name} keeps failing ({info['spawnerr']}); trying again", flush=True)
                daemon.start(name)
    except (OSError, xmlrpc.client.Error):
        pass  # supervisord is busy or has just died; the next check shows which


def _pids(daemon: Daemon) -> dict[str, int]:
    try:
        return {name: info["pid"] for name, info in daemon.programs().items()}
    except (OSError, xmlrpc.client.Error):
        return {}
