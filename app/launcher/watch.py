"""Keeping an eye on the programs while the board runs."""

import time
import xmlrpc.client

from app.errors import OperatorError
from app.launcher import supervisor_config
from app.launcher.supervisor import Daemon

INTERVAL = 0.5  # s between two looks


def watch(daemon: Daemon) -> None:
    """Say which program was started again, for ever. Raises OperatorError when supervisord is gone."""
    last = _pids(daemon)
    while True:
        time.sleep(INTERVAL)
        check(daemon)
        now = _pids(daemon)
        for name in now:
            if now[name] != last.get(name) and now[name]:
                print(f"upvote: {name} had stopped and was started again", flush=True)
        last = {name: pid or last.get(name, 0) for name, pid in now.items()}


def check(daemon: Daemon) -> None:
    """Raise OperatorError if supervisord is gone; start again what it has given up."""
    if not daemon.alive():
        log = supervisor_config.log_of(daemon.data_dir, "supervisord")
        raise OperatorError(f"supervisord was killed and everything stopped: start again, or see {log}")
    try:
        for name, info in daemon.programs().items():
            if info["statename"] == "FATAL":
                print(f"upvote: {name} keeps failing ({info['spawnerr']}); trying again", flush=True)
                daemon.start(name)
    except (OSError, xmlrpc.client.Error):
        pass  # it is busy or has just died: the next look tells


def _pids(daemon: Daemon) -> dict[str, int]:
    try:
        return {name: info["pid"] for name, info in daemon.programs().items()}
    except (OSError, xmlrpc.client.Error):
        return {}
