"""`python -m app.launcher.launch ROLE`: become the program of the role, tied to the parent."""

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from app.become import become
from app.server.parent import PARENT_VARIABLE, environment_for_children, tie_to_parent

# The environment variables that a database server needs. It must not get the secrets of the web.
SERVER_VARIABLES = ("DATA_DIR", "HOME", "LANG", "PATH", "TMPDIR", "TZ", PARENT_VARIABLE)


def main() -> None:
    """Become the program of the role on the command line. DATA_DIR is in the environment."""
    roles: dict[str, Callable[[], NoReturn]] = {
        "supervisord": _supervisord,
        "postgres": _postgres,
        "valkey": _valkey,
        "web": lambda: _own_command("web"),
        "worker": lambda: _own_command("worker"),
        "demo": lambda: _own_command("demo", "--if-empty"),
        "watch": _watch,
    }
    roles[sys.argv[1]]()


def _supervisord() -> NoReturn:
    from app.launcher import supervisor_config

    tie_to_parent(signal.SIGTERM)
    program = [sys.executable, "-P", "-m", "supervisor.supervisord"]
    become([*program, "-n", "-c", str(supervisor_config.path(_data_dir()))], environment_for_children())


def _postgres() -> NoReturn:
    from app.launcher import postgres, system_user

    postgres.clear_stale_locks(_data_dir())
    # Before the change of user, because the name of a run directory in /tmp contains the user id.
    program = postgres.command(_data_dir())
    user = system_user.server_user()
    if user is not None:
        system_user.switch_to(user)
    tie_to_parent(signal.SIGINT)  # a change of user would undo it
    become(program, _server_environment())


def _valkey() -> NoReturn:
    from app.launcher import valkey

    tie_to_parent(signal.SIGTERM)
    become(valkey.command(_data_dir(), *sys.argv[2:]), _server_environment() | valkey.ENVIRONMENT)


def _own_command(*arguments: str) -> NoReturn:
    tie_to_parent(signal.SIGTERM)
    become([sys.executable, "-P", "-m", "app.commands", *arguments], environment_for_children())


def _watch() -> NoReturn:
    from app.launcher.watch import watch

    sys.exit(watch(json.loads(sys.argv[2])))


def _server_environment() -> dict[str, str]:
    inherited = environment_for_children()
    return {name: inherited[name] for name in SERVER_VARIABLES if name in inherited}


def _data_dir() -> Path:
    return Path(os.environ["DATA_DIR"])


if __name__ == "__main__":
    main()
