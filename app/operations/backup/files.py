"""What a backup is made of: a file a table, and one that describes them, written last."""

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
from app.operations.backup.queries import Counter

DESCRIPTION = "backup.json"
SECRET_KEY = "secret_key"

Progress: TypeAlias = Any  # a tqdm, which has no types


@dataclass(frozen=True)
class Description:
    """Of a whole backup. `tables` are name -> columns, in the order in which they can be filled."""

    made_at: str
    version: str
    migrations: list[str]
    months: list[str]
    tables: dict[str, list[str]]
    rows: dict[str, int]
    counters: list[Counter]


def make_directory(directory: Path) -> None:
    """An empty directory that only we may read. Raises OperatorError if something is in it."""
    directory.mkdir(parents=True, exist_ok=True)
    if any(directory.iterdir()):
        raise OperatorError(f"{directory} is not empty: name a new directory for the backup")
    directory.chmod(0o700)


def create_table(directory: Path, table: str) -> IO[bytes]:
    """To write the table's rows as PostgreSQL's COPY text, compressed on disk."""
    return cast(IO[bytes], gzip.open(path_of(directory, table), "wb", compresslevel=5))


@contextmanager
def open_table(directory: Path, table: str, progress: Progress) -> Iterator[IO[bytes]]:
    """To read them; the progress is told of the bytes on disk."""
    with path_of(directory, table).open("rb") as packed:
        counted = cast(IO[bytes], CallbackIOWrapper(progress.update, packed, "read"))
        with gzip.open(counted, "rb") as file:
            yield cast(IO[bytes], file)


def path_of(directory: Path, table: str) -> Path:
    return directory / f"{table}.copy.gz"


def progress(what: str, total: int | None, bar: bool) -> Progress:
    """A bar of bytes, for a terminal only."""
    return tqdm(total=total, desc=what, unit="B", unit_scale=True, disable=None if bar else True)


def write_description(directory: Path, description: Description) -> None:
    """A directory that has this file is a whole backup."""
    text = json.dumps(asdict(description), indent=2)
    unfinished = directory / f"{DESCRIPTION}.new"
    unfinished.write_text(text)
    unfinished.rename(directory / DESCRIPTION)


def read_description(directory: Path) -> Description:
    """Raises OperatorError if this is no whole backup."""
    try:
        fields: dict[str, Any] = json.loads((directory / DESCRIPTION).read_text())
        fields["counters"] = [Counter(**counter) for counter in fields["counters"]]
        return Description(**fields)
    except (OSError, ValueError, TypeError, KeyError):
        advice = f"name a directory that upvote backup has written, with a file {DESCRIPTION}"
        raise OperatorError(f"{directory} is no whole backup: {advice}") from None


def write_secret_key(directory: Path, secret_key: str) -> None:
    path = directory / SECRET_KEY
    path.touch(mode=0o600)
    path.write_text(secret_key)


def read_secret_key(directory: Path) -> str | None:
    path = directory / SECRET_KEY
    return path.read_text() if path.exists() else None
