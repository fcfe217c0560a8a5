"""`upvote restore`: a backup into a database of any kind, and Redis told that it is out of date."""

import secrets
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import asyncpg
from asyncpg import Connection

from app.errors import OperatorError
from app.operations.backup import files, queries
from app.operations.backup.connected import check_nobody_is_connected
from app.operations.backup.empty_redis import empty_redis
from app.operations.backup.files import Description
from app.settings import Settings
from app.storage.migrate import MIGRATIONS, migrate


async def restore(
    settings: Settings, directory: Path, replace: bool, *, bar: bool = False
) -> Description:
    """Fill the database. All rows come in one transaction: a restore that was interrupted leaves
    an empty board, and is run again. Raises OperatorError while the board runs, and where it would
    overwrite something without having been asked to.
    """
    description = files.read_description(directory)
    migrate_to(settings, description.migrations)  # makes the database if there is none
    db = await asyncpg.connect(settings.database_url)
    try:
        await _check(db, replace)
        epochs = await queries.select_epochs(db)
        await queries.delete_schema(db)
        migrate_to(settings, description.migrations)
        async with db.transaction():
            shards = await _fill(db, directory, description, bar)
            # Each is a leap of the versions, and none that an open page was told may come again.
            await queries.insert_epochs(db, epochs)
    finally:
        await db.close()
    migrate(settings)
    await empty_redis(settings, shards)
    return description


def migrate_to(settings: Settings, versions: Sequence[str]) -> None:
    """Apply these migrations and no later ones. Raises OperatorError for one that this code lacks."""
    known = {path.name.split("_")[0]: path for path in MIGRATIONS.glob("[0-9]*.sql")}
    if unknown := set(versions) - known.keys():
        raise OperatorError(
            f"the backup is of a newer Upvote (migration {max(unknown)}): install that, or a later one"
        )
    with tempfile.TemporaryDirectory() as chosen:
        for version in versions:
            shutil.copy(known[version], chosen)
        migrate(settings, Path(chosen))


async def _check(db: Connection, replace: bool) -> None:
    await check_nobody_is_connected(db)
    if not replace and not await queries.select_is_empty(db):
        raise OperatorError(
            "there is a board in this database: name another, or overwrite it by --replace"
        )


async def _fill(db: Connection, directory: Path, description: Description, bar: bool) -> list[int]:
    """All rows, and an epoch that no Redis has, so that no copy from another time is relied on."""
    await queries.delete_rows(db, list(description.tables))
    await queries.make_partitions(db, description.months)
    total = sum(files.path_of(directory, table).stat().st_size for table in description.tables)
    with files.progress("Load", total, bar) as progress:
        for table, columns in description.tables.items():
            with files.open_table(directory, table, progress) as file:
                rows = await queries.copy_in(db, table, columns, file)
            if rows != description.rows[table]:
                wanted = description.rows[table]
                raise OperatorError(f"{table} has {rows} rows instead of {wanted} in the backup")
    for counter in description.counters:
        await queries.update_sequence(db, counter)
    return await queries.update_epochs(db, f"restored-{secrets.token_hex(6)}")
