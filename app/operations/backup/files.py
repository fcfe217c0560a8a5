"""The files of a backup: one for each table, and a description, which is written last."""

import gzip
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, TypeAlias, cast

from tqdm import tqdm
from tqdm.utils import CallbackIOWrapper

from app.errors import OperatorError
from app.operations.backup.queries import SequenceValue

DESCRIPTION = "backup.json"
SECRET_KEY = "secret_key"

Progress: TypeAlias = Any  # a tqdm, which has no types


@dataclass(frozen=True)
class Description:
    """Describes a backup. `tables` maps name to columns, in the order in which they can be filled."""

    made_at: str
    version: str
    migrations: list[str]
    months: list[str]
    tables: dict[str, list[str]]
    rows: dict[str, int]
    counters: list[SequenceValue]


def make_directory(directory: Path) -> None:
    """Make a directory that only its owner can read. Raises OperatorError if it is not empty."""
    directory.mkdir(parents=True, exist_ok=True)
    if any(directory.iterdir()):
        raise OperatorError(f"{directory} is not empty: name a new directory for the backup")
    directory.chmod(0o700)


def create_table_file(directory: Path, table: str) -> IO[bytes]:
    """Open a table's file to write rows as PostgreSQL's COPY text, compressed on disk."""
    path = table_path(directory, table)
    path.touch(mode=0o600)
    return cast(IO[bytes], gzip.open(path, "wb", compresslevel=5))


@contextmanager
def open_table_file(directory: Path, table: str, progress: Progress) -> Iterator[IO[bytes]]:
    """Open a table's file to read the rows; `progress` counts the bytes read from disk."""
    with table_path(directory, table).open("rb") as compressed:
        counted = cast(IO[bytes], CallbackIOWrapper(progress.update, compressed, "read"))
        with gzip.open(counted, "rb") as file:
            yield cast(IO[bytes], file)


def table_path(directory: Path, table: str) -> Path:
    return directory / f"{table}.copy.gz"


def progress(what: str, total: int | None, show_progress: bool) -> Progress:
    """Return a progress bar of bytes, which is shown only if `show_progress` and on a terminal."""
    return tqdm(
        total=total, desc=what, unit="B", unit_scale=True, disable=None if show_progress else True
    )


def write_description(directory: Path, description: Description) -> None:
    """Write the description. It is there only if the backup is complete, so it appears in one step."""
    text = json.dumps(asdict(description), indent=2)
    unfinished = directory / f"{DESCRIPTION}.new"
    unfinished.touch(mode=0o600)
    unfinished.write_text(text)
    unfinished.rename(directory / DESCRIPTION)


def read_description(directory: Path) -> Description:
    """Return the description. Raises OperatorError if the directory is not a complete backup."""
    try:
        fields: dict[str, Any] = json.loads((directory / DESCRIPTION).read_text())
        fields["counters"] = [SequenceValue(**counter) for counter in fields["counters"]]
        return Description(**fields)
    except (OSError, ValueError, TypeError, KeyError):
        advice = f"name a directory that upvote backup has written, with a file {DESCRIPTION} in it"
        raise OperatorError(f"{directory} is not a complete backup: {advice}") from None


def write_secret_key(directory: Path, secret_key: str) -> None:
    path = directory / SECRET_KEY
    path.touch(mode=0o600)
    path.write_text(secret_key)


def read_secret_key(directory: Path) -> str | None:
    path = directory / SECRET_KEY
    return path.read_text() if path.exists() else None
