"""`upvote restore`: fills a database from a backup, and empties Redis, which is out of date then."""

import secrets
import shutil
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
from asyncpg import Connection

from app.errors import OperatorError
from app.operations.backup import files, queries
from app.operations.backup.board_check import check_is_board, known_migrations
from app.operations.backup.empty_redis import empty_redis
from app.operations.backup.files import Description
from app.operations.backup.queries import SequenceValue
from app.operations.backup.stopped import check_still_stopped, check_stopped
from app.settings import Settings
from app.storage.migrate import migrate

# The cookies of accounts and the open pages of projects that came after the backup still exist, and no
# id in them may become another's. So the ids leap ahead of all that can have been given out since: by
# as many a second, so that a second restore of the same backup leaps over those given out after the
# first, and by at least LEAST_LEAP, as the clocks of two machines may differ.
LEAPING = ("users", "projects")
IDS_PER_SECOND = 100
LEAST_LEAP = 1_000_000


async def restore(
    settings: Settings,
    directory: Path,
    replace: bool,
    *,
    leap: bool = True,
    show_progress: bool = False,
) -> Description:
    """Fill the database from the backup in `directory`; return the backup's description.

    All rows are written in one transaction: an interrupted restore leaves an empty board and can be
    run again. Without `leap`, for a backup after which nothing was written, ids go on without a gap.
    Raises OperatorError while the board runs, and if there is a board that `replace` does not allow
    to overwrite.
    """
    description = files.read_description(directory)
    files.check_tables(directory, description, show_progress)
    await _check_existing(settings, replace)
    migrate_to(settings, description.migrations)  # creates the database if it is missing
    db = await asyncpg.connect(settings.database_url)
    try:
        await _check(db, replace)
        epochs = await queries.select_epochs(db)
        replaced = await queries.select_sequences(db)
        await queries.delete_schema(db)
        migrate_to(settings, description.migrations)
        async with db.transaction():
            shards = await _fill(db, directory, description, show_progress)
            ahead = _ids_to_leap(description.made_at) if leap else 0
            # Older backups of a restored board have 0 for what nothing was added to since.
            given_out = [*replaced, *await queries.select_sequences(db)]
            for sequence in _continue_after(description.counters, given_out, ahead):
                await queries.update_sequence(db, sequence)
            # With each epoch, versions jump ahead. Keeping the old ones ensures that no version repeats
            # that an open page has already seen.
            await queries.insert_epochs(db, epochs)
    finally:
        await db.close()
    migrate(settings)
    await empty_redis(settings, shards)
    await check_still_stopped(
        settings.database_url, "it may rely on what was replaced", "and run this again with --replace"
    )
    return description


def migrate_to(settings: Settings, versions: Sequence[str]) -> None:
    """Apply these migrations and no later ones. Raises OperatorError if this version lacks one."""
    known = known_migrations()
    if unknown := set(versions) - known.keys():
        raise OperatorError(
            f"the backup is from a newer Upvote (migration {max(unknown)}): install that or a later one"
        )
    with tempfile.TemporaryDirectory() as chosen:
        for version in versions:
            shutil.copy(known[version], chosen)
        migrate(settings, Path(chosen))


async def _check_existing(settings: Settings, replace: bool) -> None:
    """Check the database before the first migration, if there is one already."""
    try:
        db = await asyncpg.connect(settings.database_url)
    except asyncpg.InvalidCatalogNameError:
        return
    try:
        await _check(db, replace)
    finally:
        await db.close()


async def _check(db: Connection, replace: bool) -> None:
    await check_stopped(db)
    await check_is_board(db)
    if not replace and not await queries.select_is_empty(db):
        raise OperatorError(
            "this database already has a board: name another one, or overwrite it with --replace"
        )


async def _fill(
    db: Connection, directory: Path, description: Description, show_progress: bool
) -> list[int]:
    """Insert all rows and set an epoch that no Redis has, so that no older copy in Redis is relied on.

    Returns the shards. Raises OperatorError if a file has too few or too many rows.
    """
    await queries.delete_rows(db, list(description.tables))
    await queries.make_partitions(db, description.months)
    total = files.compressed_size(directory, description)
    with files.progress("Load", total, show_progress) as progress:
        for table, columns in description.tables.items():
            with files.open_table_file(directory, table, progress) as file:
                rows = await queries.copy_in(db, table, columns, file)
            if rows != description.rows[table]:
                expected = description.rows[table]
                raise OperatorError(
                    f"{table} has {rows} rows instead of {expected}: use another backup"
                )
    return await queries.update_epochs(db, f"restored-{secrets.token_hex(6)}")


def _ids_to_leap(made_at: str) -> int:
    passed = datetime.now(UTC) - datetime.fromisoformat(made_at)
    return max(LEAST_LEAP, IDS_PER_SECOND * int(passed.total_seconds()))


def _continue_after(
    counters: Sequence[SequenceValue], given_out: Sequence[SequenceValue], ahead: int
) -> list[SequenceValue]:
    """Return the backup's counters, set after the numbers given out, and of LEAPING ones `ahead`."""
    last = {(counter.table, counter.column): counter.last for counter in counters}
    for counter in given_out:
        key = (counter.table, counter.column)
        if key in last:
            last[key] = max(last[key], counter.last)
    return [
        SequenceValue(table, column, number + (ahead if table in LEAPING else 0))
        for (table, column), number in last.items()
    ]
