"""Create and replace the key under DATA_DIR that signs sessions; only its owner can read it."""

import contextlib
import os
import secrets
import sys
import tempfile
from pathlib import Path
from typing import IO

from app.data_paths import read_secret_key, secret_key_path
from app.errors import OperatorError
from app.settings import Settings, load_settings


def make_secret_key(data_dir: Path) -> str:
    """Return the key, created first if there is none. Two processes may call this at the same time."""
    path = secret_key_path(data_dir)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and read_secret_key(data_dir) is None:
            _say_that_it_was_empty(path)
            path.unlink(missing_ok=True)
        if not path.exists():
            _write_new(path)
    except OSError as error:
        raise OperatorError(
            f"DATA_DIR {data_dir} is not writable ({error.strerror}): "
            "run as its owner, or choose another DATA_DIR"
        ) from None
    key = read_secret_key(data_dir)
    assert key is not None
    return key


def replace_secret_key(data_dir: Path, key: str) -> None:
    """Write another key over the existing one."""
    path = secret_key_path(data_dir)
    path.touch(mode=0o600)
    with path.open("w") as file:
        _write(file, key)


def _write_new(path: Path) -> None:
    # The key is written to a temporary file and then linked, so that no process reads half a key, and
    # one of two processes wins.
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=".secret_key") as file:
        _write(file, secrets.token_urlsafe(48))
        with contextlib.suppress(FileExistsError):
            os.link(file.name, path)


def _write(file: IO[str], key: str) -> None:
    file.write(key)
    file.flush()
    os.fsync(file.fileno())  # else a power cut may leave a file without its content


def _say_that_it_was_empty(path: Path) -> None:
    line = f"upvote: WARNING: {path} was empty, as after a power cut. It gets a new key, so"
    print(line, "everybody has to sign in again", file=sys.stderr, flush=True)


def adopt_secret_key(settings: Settings, key: str | None, path: Path) -> str | None:
    """Use the key of a restored board, which `path` contains, if the key is kept under DATA_DIR.

    Returns advice for an operator whose SECRET_KEY is in force, or None if there is nothing to do.
    """
    if key is None or key == settings.secret_key:
        return None
    if settings.embedded_database:
        replace_secret_key(settings.data_dir, key)
        if load_settings(data_dir=settings.data_dir).secret_key == key:
            return None
    return f"Set SECRET_KEY to the content of {path}, or all users have to sign in again."
