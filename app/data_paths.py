"""The paths under DATA_DIR, and the URLs of the embedded servers there."""

import hashlib
import os
from pathlib import Path
from urllib.parse import quote

from app.errors import OperatorError

# bytes; the path of a Unix socket is limited to 107, and PostgreSQL appends "/.s.PGSQL.5432.lock".
LONGEST_RUN_DIR = 70
TEMPORARY = Path("/tmp")  # noqa: S108 - make_run_dir() refuses a directory of another user


def run_dir(data_dir: Path) -> Path:
    """Return the directory of the sockets: under DATA_DIR, or in /tmp if that path is too long.

    A path with special characters is replaced too: it is part of URLs, in which arq and redis-py treat
    spaces and percent signs differently.
    """
    wanted = data_dir / "run"
    if len(str(wanted)) <= LONGEST_RUN_DIR and quote(str(wanted)) == str(wanted):
        return wanted
    digest = hashlib.sha256(str(data_dir).encode()).hexdigest()[:12]
    # Not what TMPDIR names: each process of the board must find the same directory.
    return TEMPORARY / f"upvote-{os.getuid()}-{digest}"


def database_url(data_dir: Path) -> str:
    """Return the URL of the embedded PostgreSQL, through its socket."""
    return f"postgresql://postgres@/upvote?host={run_dir(data_dir) / 'postgres'}"


def redis_url(data_dir: Path) -> str:
    """Return the URL of the embedded Valkey, through its socket."""
    return f"unix://{run_dir(data_dir) / 'valkey' / 'valkey.sock'}"


def secret_key_path(data_dir: Path) -> Path:
    """Return the path of the key that signs sessions; app/launcher/secret_key.py writes the file."""
    return data_dir / "secret_key"


def read_secret_key(data_dir: Path) -> str | None:
    """Return the key that signs sessions, or None if there is none yet.

    After a power cut the file may be empty, or hold zeros that were never overwritten: no key, since
    anybody could guess it. Raises OperatorError if this user may not read it.
    """
    try:
        return secret_key_path(data_dir).read_text().strip().strip("\0") or None
    except FileNotFoundError:
        return None
    except OSError as error:
        raise OperatorError(
            f"DATA_DIR {data_dir} cannot be used ({error.strerror}): "
            "run as its owner, or choose another DATA_DIR"
        ) from None
