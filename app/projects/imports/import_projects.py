"""`upvote projects import`: reads projects from a CSV file, and makes all of them or none."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from asyncpg import Connection

from app.board.tracks import Track
from app.board.tracks.queries import select_tracks
from app.errors import OperatorError
from app.projects.by_key import EXPECTED, is_key
from app.projects.by_key.queries import lock_key, select_id
from app.projects.forms import Submission, parse_submission
from app.projects.imports import queries
from app.projects.queries import insert_project
from app.settings import Settings
from app.storage.connections import open_database
from app.webhooks.events import write_key_given, write_submitted

COLUMNS = ("title", "url", "description", "authors", "track", "key")
# What a table of another site may have beside them. Each vote belongs to an account: no count is taken.
COUNTS = ("upvotes", "downvotes", "votes", "score", "points", "likes", "dislikes", "voters", "place")
QUERY_SECONDS = 30.0
Outcome = Literal["made", "keyed", "existing"]  # keyed: it existed, and was given the key of its row


class BadFile(Exception):
    """The file has errors, so nothing was imported; `lines` are for people, one for each error."""

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__("the file has errors")
        self.lines = lines


@dataclass(frozen=True)
class Row:
    """A project of the file, with the number of its last line there; the first author owns it."""

    line: int
    submission: Submission
    authors: tuple[str, ...]
    key: str | None

    @property
    def identity(self) -> tuple[str | None, ...]:
        """What no other row may have."""
        project = self.submission
        return (self.key,) if self.key else (self.authors[0], project.title, project.url)


@dataclass(frozen=True)
class Imported:
    """How many projects were made, how many existed before, how many of those were given a key, and the
    columns that were left out.
    """

    made: int
    existing: int
    keyed: int
    left_out: tuple[str, ...]


async def import_projects(settings: Settings, text: str, author: str) -> Imported:
    """Make the projects of a CSV file.

    A project exists if one has its key, or if its first author has one with this title and link; such
    a one without a key is given that of the row. `author` owns those that name nobody. Raises BadFile.
    """
    async with (
        await open_database(settings, query_seconds=QUERY_SECONDS) as pool,
        pool.acquire() as db,
        db.transaction(),
    ):
        await queries.lock_imports(db)
        rows, errors = _read(text, author, await select_tracks(pool))
        names = {name for row in rows for name in row.authors}
        users = await queries.select_user_ids(db, sorted(names))
        for row in rows:
            errors += [
                f"line {row.line}: there is no user {name}" for name in row.authors if name not in users
            ]
        if errors:
            raise BadFile(errors)
        outcomes = [await _make(db, row, [users[name] for name in row.authors]) for row in rows]
        made, keyed = outcomes.count("made"), outcomes.count("keyed")
        if made or keyed:
            await queries.insert_import(db, f"{_counts(made, keyed)}, on the command line.")
        return Imported(made, len(rows) - made, keyed, _left_out(text))


def _counts(made: int, keyed: int) -> str:
    projects = "1 project" if made == 1 else f"{made:,} projects"
    keys = f"Keys for {keyed:,} that existed"
    if not keyed:
        return projects
    return f"{projects}. {keys}" if made else keys


async def _make(db: Connection, row: Row, user_ids: Sequence[int]) -> Outcome:
    project = row.submission
    if (found := await _find(db, row, user_ids[0])) is not None:
        return found
    project_id = await insert_project(
        db, user_ids[0], project.title, project.url, project.description, project.track_id, row.key
    )
    await queries.insert_members(db, project_id, user_ids[1:])
    await write_submitted(db, [project_id])
    return "made"


async def _find(db: Connection, row: Row, author_id: int) -> Outcome | None:
    """Give the row's key to the row's project if it has none; return None if there is no project."""
    project = row.submission
    if row.key is None:
        exists = await queries.select_is_submitted(db, author_id, project.title, project.url)
        return "existing" if exists else None
    await lock_key(db, row.key)
    if await select_id(db, row.key) is not None:
        return "existing"
    found = await queries.update_key(db, author_id, project.title, project.url, row.key)
    if found is None:
        return None
    await write_key_given(db, found, row.key)
    return "keyed"


def _read(text: str, author: str, tracks: Sequence[Track]) -> tuple[list[Row], list[str]]:
    rows, errors = list[Row](), list[str]()
    seen: dict[tuple[str | None, ...], int] = {}
    for line, cells in _cells(text):
        submission, found = parse_submission(cells, tracks)
        names = cells.get("authors", "").lower().replace(";", ",").replace(",", " ").split()
        authors = tuple(dict.fromkeys(names or ([author] if author else [])))
        if not authors:
            found["authors"] = "Name an author, or give --author NAME."
        key = cells.get("key") or None
        if key and not is_key(key):
            found["key"] = f"“{key[:200]}” is not a key. {EXPECTED}."
        errors += [f"line {line}: {message}" for message in found.values()]
        if found:
            continue
        row = Row(line, submission, authors, key)
        before = seen.setdefault(row.identity, line)
        if before != line:
            errors.append(f"line {line}: this is the project of line {before} again")
        rows.append(row)
    return rows, errors


def _cells(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the number and the cells by column of each line that is not empty."""
    reader = _reader(text)
    try:
        columns = _columns(reader)
        if "title" not in columns or not set(columns) <= {*COLUMNS, *COUNTS}:
            raise BadFile([f"line 1: the columns must be among {', '.join(COLUMNS)}, with title"])
        for cells in reader:
            if len(cells) > len(columns):
                raise BadFile(
                    [f"line {reader.line_num}: it has {len(cells)} cells, not {len(columns)}"]
                )
            if any(cell.strip() for cell in cells):
                yield reader.line_num, dict(zip(columns, map(str.strip, cells), strict=False))
    except csv.Error as error:
        raise BadFile([f"line {reader.line_num}: {error}"]) from None


def _left_out(text: str) -> tuple[str, ...]:
    return tuple(column for column in _columns(_reader(text)) if column in COUNTS)


def _columns(reader: Iterator[list[str]]) -> list[str]:
    return [cell.strip().lower() for cell in next(reader, [])]


def _reader(text: str) -> Any:
    first = text.partition("\n")[0]
    delimiter = ";" if ";" in first and "," not in first else ","
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)


def decode(content: bytes) -> str:
    """Return the text of a file in UTF-8, with or without a mark at its beginning."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise OperatorError("the file is not in UTF-8. Save it as “CSV UTF-8”") from None
