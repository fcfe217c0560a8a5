"""The configuration of supervisord: the programs, their stop order and the files for their output."""

import configparser
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from app import data_paths
from app.errors import OperatorError
from app.launcher.role_command import command

if TYPE_CHECKING:  # otherwise it is not imported, since the watcher loads this file too
    from app.settings import Settings

# supervisord stops the program with the highest priority first, and kills one that takes longer than
# its stopwaitsecs. INT makes PostgreSQL close open sessions instead of waiting for them, and web skip
# draining. Web and worker end within END_SECONDS (app/end_in_time.py) by themselves.
PROGRAMS = {
    "postgres": {"priority": "10", "stopsignal": "INT", "stopwaitsecs": "30"},
    "valkey": {"priority": "20", "stopsignal": "TERM", "stopwaitsecs": "10"},
    "worker": {"priority": "30", "stopsignal": "TERM", "stopwaitsecs": "12"},
    "web": {"priority": "40", "stopsignal": "INT", "stopwaitsecs": "12"},
}
SERVERS = ("postgres", "valkey")


def write(settings: "Settings") -> list[str]:
    """Write the configuration file, which contains no secret, and return the names of its programs."""
    _check_comments(settings.data_dir)
    names = _programs(settings)
    parser = configparser.RawConfigParser()
    parser.read_dict(_supervisord(settings.data_dir))
    parser.read_dict({f"program:{name}": _program(name, settings.data_dir) for name in names})
    target = path(settings.data_dir)
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("w") as file:
        parser.write(file)
    return names


def _check_comments(data_dir: Path) -> None:
    """Raise OperatorError for a path of which supervisord would take the end for a comment."""
    for name, found in {"DATA_DIR": data_dir, "Upvote's directory": shlex.join(command("web"))}.items():
        if re.search(r"\s[#;]", str(found)):
            raise OperatorError(f"{name} ({found}) has # or ; after a space: choose another path")


def path(data_dir: Path) -> Path:
    """Return the path of the generated configuration file."""
    return data_dir / "run" / "supervisord.conf"


def socket(data_dir: Path) -> Path:
    """Return the path of the socket for supervisord's XML-RPC calls."""
    return data_paths.run_dir(data_dir) / "supervisor.sock"


def log_of(data_dir: Path, name: str) -> Path:
    """Return the path of the log file of a server or of supervisord itself."""
    return data_dir / "log" / f"{name}.log"


def _programs(settings: "Settings") -> list[str]:
    unused = {"postgres"} if not settings.embedded_database else set()
    if not settings.embedded_redis:
        unused.add("valkey")
    return [name for name in PROGRAMS if name not in unused]


def _supervisord(data_dir: Path) -> dict[str, dict[str, str]]:
    return {
        "supervisord": {
            "logfile": _plain(log_of(data_dir, "supervisord")),
            "logfile_maxbytes": "1MB",
            "logfile_backups": "1",
            "pidfile": _plain(data_paths.run_dir(data_dir) / "supervisord.pid"),
            "silent": "true",
            "nocleanup": "true",
            "minprocs": "20",
        },
        "unix_http_server": {"file": _plain(socket(data_dir)), "chmod": "0700"},
        "rpcinterface:supervisor": {
            "supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface"
        },
    }


def _program(name: str, data_dir: Path) -> dict[str, str]:
    common = {
        "command": _plain(shlex.join(command(name))),
        "autostart": "false",  # serve starts the programs in order
        "autorestart": "true",
        "startsecs": "1",
        # The pause before a restart grows by 1 s with each failure. After five failures supervisord
        # gives up, and serve starts the program again: forever, with pauses of at most 5 s.
        "startretries": "4",
    }
    return common | PROGRAMS[name] | _output(name, data_dir)


def _output(name: str, data_dir: Path) -> dict[str, str]:
    if name in SERVERS:
        return {
            "redirect_stderr": "true",
            "stdout_logfile": _plain(log_of(data_dir, name)),
            "stdout_logfile_maxbytes": "2MB",
            "stdout_logfile_backups": "1",
        }
    # File descriptors 1 and 2 of supervisord are pipes to serve, which forwards the output.
    streams = {"stdout_logfile": "/dev/fd/1", "stderr_logfile": "/dev/fd/2"}
    return streams | {"stdout_logfile_maxbytes": "0", "stderr_logfile_maxbytes": "0"}


def _plain(value: object) -> str:
    """Escape % characters, which supervisord would expand."""
    return str(value).replace("%", "%%")
