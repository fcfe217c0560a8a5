"""Create the directory for the sockets of the embedded servers."""

import os
import stat
from pathlib import Path

from app import data_paths
from app.errors import OperatorError


def make_run_dir(data_dir: Path) -> None:
    """Create the directory. Raises OperatorError if the one in /tmp belongs to another user."""
    path = data_paths.run_dir(data_dir)
    path.mkdir(parents=True, exist_ok=True)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise OperatorError(f"{path} belongs to another user: remove it, or choose a shorter DATA_DIR")
    path.chmod(0o711)  # the directories of the sockets in it are private
