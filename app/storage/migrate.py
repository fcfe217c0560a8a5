"""Apply the missing migrations with dbmate, and create the database if it does not exist."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

from app.errors import OperatorError
from app.settings import Settings

MIGRATIONS = Path(__file__).parent.parent.parent / "migrations"
TIMEOUT = 600  # s; building an index on a large table is slow
# PostgreSQL answers with one of these to the second of two processes that create the database at the
# same time, which is before dbmate takes its lock.
CREATED_CONCURRENTLY = (
    "already exists (42P04)",
    "pg_database_datname_index",
    "is being accessed by other users",
)
# A migration that has waited for a lock for so long (ms) lets others go first, and is tried again. It
# is longer than PostgreSQL's deadlock_timeout of 1 s, after which an autovacuum gives way.
LOCK_MS, LOCK_PAUSE = 1_200, 3.0
LOCKED = ("(55P03)", "(40P01)")  # PostgreSQL's codes of a lock timeout and of a deadlock
UP = re.compile("^-- migrate:up.*", re.MULTILINE)
MAX_RETRIES = 10  # with a pause of 0.3 s; creating a database takes 0.1 s


def migrate(settings: Settings, directory: Path = MIGRATIONS) -> int:
    """Apply the missing migrations, and return how many this run has applied.

    A second run changes nothing; concurrent runs wait for each other.

    Raises OperatorError with the reason and the fix in one line.
    """
    url = _dbmate_url(settings.database_url or "")
    with tempfile.TemporaryDirectory(prefix="upvote-migrations-") as changed:
        _write_with_lock_timeout(directory, Path(changed))
        result, applied = _apply_until_unlocked(url, Path(changed))
    if result.returncode:
        raise OperatorError(f"the migrations failed ({_reason(result, url)}): {_advice(result.stderr)}")
    return applied


def _write_with_lock_timeout(directory: Path, target: Path) -> None:
    """Write the migrations into another directory, so that each gives up a lock that it waits for.

    PostgreSQL lets everybody who comes later wait behind it, and so all pages, for as long as somebody
    else reads: a backup reads for minutes.
    """
    for path in directory.glob("*.sql"):
        text = path.read_text("utf-8")
        changed = UP.sub(rf"\g<0>\nSET LOCAL lock_timeout = {LOCK_MS};", text, count=1)
        (target / path.name).write_text(changed, "utf-8")


def _apply_until_unlocked(url: str, directory: Path) -> tuple[subprocess.CompletedProcess[str], int]:
    """Return how the last run of dbmate ended, and how many migrations were applied."""
    applied, retries, give_up = 0, MAX_RETRIES, time.monotonic() + TIMEOUT
    while True:
        result = _apply(url, directory, give_up)
        applied += _count_applied(result)
        if retries and any(sign in result.stderr for sign in CREATED_CONCURRENTLY):
            retries -= 1
            time.sleep(0.3)
        elif _is_locked(result.stderr) and time.monotonic() + LOCK_PAUSE < give_up:
            time.sleep(LOCK_PAUSE)
        else:
            return result, applied


def _is_locked(stderr: str) -> bool:
    return any(code in stderr for code in LOCKED)


def _count_applied(result: subprocess.CompletedProcess[str]) -> int:
    return len(re.findall("^Applied: ", result.stdout + result.stderr, re.MULTILINE))


def _advice(stderr: str) -> str:
    if "dial " in stderr:
        return "start PostgreSQL, or correct DATABASE_URL"
    if "permission denied" in stderr:
        return "let the role of DATABASE_URL own the database (CREATE DATABASE name OWNER role)"
    if _is_locked(stderr):
        return "end what holds the lock, which upvote doctor names, and run upvote migrate again"
    return "fix the cause and run upvote migrate"


def _apply(url: str, directory: Path, give_up: float) -> subprocess.CompletedProcess[str]:
    # "migrate" needs no rights outside the database. "up" creates a database that does not exist.
    result = _dbmate("migrate", url, directory, give_up)
    if result.returncode and "does not exist" in result.stderr:
        return _dbmate("up", url, directory, give_up)
    return result


def _dbmate(
    command: str, url: str, directory: Path, give_up: float
) -> subprocess.CompletedProcess[str]:
    options = ["--migrations-dir", str(directory), "--no-dump-schema", "--migration-lock"]
    try:
        return subprocess.run(
            [_binary(), *options, command],
            env=os.environ | {"DATABASE_URL": url},
            cwd=directory,  # away from .env, which dbmate would read again
            capture_output=True,
            text=True,
            timeout=give_up - time.monotonic(),
        )
    except subprocess.TimeoutExpired:
        raise OperatorError(
            f"the migrations took more than {TIMEOUT} s: run upvote migrate again"
        ) from None


def _binary() -> str:
    beside_python = Path(sys.executable).with_name("dbmate")
    found = str(beside_python) if beside_python.exists() else shutil.which("dbmate")
    if not found:
        raise OperatorError("dbmate is missing from this environment: run make setup")
    return found


def _dbmate_url(url: str) -> str:
    """Return the URL for dbmate's Go driver: no TLS on a socket, TLS elsewhere where offered."""
    if "sslmode=" in url:
        return url
    parts = urlsplit(url)
    mode = "prefer" if parts.hostname else "disable"
    return f"{url}{'&' if parts.query else '?'}sslmode={mode}"


def _reason(result: subprocess.CompletedProcess[str], url: str) -> str:
    lines = [line for line in (result.stderr + result.stdout).splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("Error")] or lines or ["no message"]
    applying = [line for line in lines if line.startswith("Applying")][-1:]
    return re.sub(r"//[^@/\s]*@", "//…@", " ".join([*errors[-1:], *applying]))
