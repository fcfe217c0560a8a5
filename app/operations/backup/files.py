"""The files of a backup: one for each table, and a description, which is written last."""

import errno
import gzip
import json
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any, TypeAlias, cast

from tqdm import tqdm
from tqdm.utils import CallbackIOWrapper

from app.errors import OperatorError
from app.operations.backup.queries import SequenceValue

DESCRIPTION = "backup.json"
UNFINISHED = f"{DESCRIPTION}.new"
SECRET_KEY = "secret_key"
CHUNK = 2**20  # bytes

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


@contextmanager
def new_directory(directory: Path) -> Iterator[None]:
    """Make a directory that only its owner can read; remove the backup's files if the block fails.

    Raises OperatorError if it is not empty, or another backup begins there at the same moment.
    """
    directory.mkdir(parents=True, exist_ok=True)
    try:
        if any(directory.iterdir()):
            raise FileExistsError
        with _create(directory / UNFINISHED):
            pass
    except FileExistsError:
        raise OperatorError(f"{directory} is not empty: name a new directory for the backup") from None
    try:
        directory.chmod(0o700)
        yield
    except BaseException:  # also Ctrl-C: what is not a backup would only fill the disk
        _remove_files(directory)
        raise


def _remove_files(directory: Path) -> None:
    (directory / DESCRIPTION).unlink(missing_ok=True)  # first, as it says that the backup is complete
    for path in [*directory.glob("*.copy.gz"), *map(directory.joinpath, (SECRET_KEY, UNFINISHED))]:
        path.unlink(missing_ok=True)


@contextmanager
def _create(path: Path) -> Iterator[IO[bytes]]:
    """Open a new file that only its owner can read; its content is on the disk after the block."""
    with open(path, "xb", opener=partial(os.open, mode=0o600)) as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def create_table_file(directory: Path, table: str) -> Iterator[IO[bytes]]:
    """Open a table's file to write rows as PostgreSQL's COPY text, compressed on disk."""
    with _create(table_path(directory, table)) as file, gzip.open(file, "wb", compresslevel=5) as rows:
        yield cast(IO[bytes], rows)


def check_tables(directory: Path, description: Description, show_progress: bool) -> None:
    """Read the file of each table to its end. Raises OperatorError for one that is not whole."""
    total = compressed_size(directory, description)
    with progress("Check", total, show_progress) as bar:
        for table, expected in description.rows.items():
            if (rows := _count_rows(directory, table, bar)) != expected:
                name = table_path(directory, table).name
                raise OperatorError(f"{name} has {rows} rows instead of {expected}: use another backup")


def _count_rows(directory: Path, table: str, bar: Progress) -> int:
    """Return how many rows a file has: COPY text is one line a row."""
    try:
        with open_table_file(directory, table, bar) as file:
            return sum(chunk.count(b"\n") for chunk in iter(partial(file.read, CHUNK), b""))
    except (OSError, EOFError, zlib.error) as error:  # BadGzipFile is an OSError
        reason = getattr(error, "strerror", None) or error
        name = table_path(directory, table).name
        raise OperatorError(f"{name} cannot be read ({reason}): use another backup") from None


def compressed_size(directory: Path, description: Description) -> int:
    """Return how many bytes the files of the tables have, without those that are missing."""
    paths = [table_path(directory, table) for table in description.tables]
    return sum(path.stat().st_size for path in paths if path.exists())


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
    unfinished = directory / UNFINISHED
    unfinished.unlink()
    with _create(unfinished) as file:
        file.write(json.dumps(asdict(description), indent=2).encode())
    _sync_directory(directory)
    unfinished.rename(directory / DESCRIPTION)
    _sync_directory(directory)


def _sync_directory(directory: Path) -> None:
    """Wait until the names in this directory are on the disk, if its file system offers that."""
    opened = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(opened)
    except OSError as error:
        if error.errno != errno.EINVAL:  # of some network shares
            raise
    finally:
        os.close(opened)


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
    with _create(directory / SECRET_KEY) as file:
        file.write(secret_key.encode())


def read_secret_key(directory: Path) -> str | None:
    path = directory / SECRET_KEY
    return path.read_text() if path.exists() else None
