"""Where the embedded servers live under DATA_DIR, and the addresses that follow from it."""

import contextlib
import hashlib
import os
import secrets
import stat
import tempfile
from pathlib import Path
from urllib.parse import quote

from app.errors import OperatorError

# A Unix socket's path may have 107 bytes; PostgreSQL adds "/.s.PGSQL.5432.lock".
LONGEST_RUN_DIR = 70


def run_dir(data_dir: Path) -> Path:
    """The directory of the sockets: under DATA_DIR, or a stand-in where that path will not do."""
    wanted = data_dir / "run"
    # Plain, too: it goes into URLs, and arq reads a blank or a percent sign differently from redis.
    if len(str(wanted)) <= LONGEST_RUN_DIR and quote(str(wanted)) == str(wanted):
        return wanted
    digest = hashlib.sha256(str(data_dir).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"upvote-{os.getuid()}-{digest}"


def make_run_dir(data_dir: Path) -> None:
    """Make the directory of the sockets; a stand-in in /tmp that somebody else made is refused."""
    path = run_dir(data_dir)
    path.mkdir(parents=True, exist_ok=True)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise OperatorError(f"{path} belongs to somebody else: remove it, or choose a shorter DATA_DIR")
    path.chmod(0o711)  # what lies in it is private by its own mode


def database_url(data_dir: Path) -> str:
    """The embedded PostgreSQL, over its socket."""
    return f"postgresql://postgres@/upvote?host={run_dir(data_dir) / 'postgres'}"


def redis_url(data_dir: Path) -> str:
    """The embedded Valkey, over its socket."""
    return f"unix://{run_dir(data_dir) / 'valkey' / 'valkey.sock'}"


def secret_key(data_dir: Path) -> str:
    """The key that signs sessions: made once, kept under DATA_DIR, readable by its owner only."""
    try:
        return _kept_secret(data_dir / "secret_key")
    except OSError as error:
        raise OperatorError(
            f"DATA_DIR {data_dir} cannot be used ({error.strerror}): "
            "run as its owner, or choose another DATA_DIR"
        ) from None


def keep_secret_key(data_dir: Path, secret_key: str) -> None:
    """Put another key in the place of the one that is kept."""
    path = data_dir / "secret_key"
    path.touch(mode=0o600)
    path.write_text(secret_key)


def _kept_secret(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        # Written aside and linked: of two at once one wins, and nobody ever reads half a key.
        with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=".secret_key") as file:
            file.write(secrets.token_urlsafe(48))
            file.flush()
            with contextlib.suppress(FileExistsError):
                os.link(file.name, path)
    return path.read_text().strip()
