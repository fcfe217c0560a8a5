"""`upvote backup`: persists the events that wait in Redis, then saves one snapshot of PostgreSQL."""

from datetime import UTC, datetime
from pathlib import Path

import asyncpg
from asyncpg import Connection

from app import __version__
from app.errors import OperatorError, VotesUnavailable
from app.operations.backup import files, queries
from app.services import open_services
from app.settings import Settings
from app.storage.away import REDIS_AWAY
from app.storage.queries import select_migrations
from app.voting.closing import publish_all_closed
from app.voting.persist import ForeignRedis

PERSIST_SECONDS = 60.0  # the time limit of one statement


async def backup(
    settings: Settings, directory: Path, *, show_progress: bool = False
) -> files.Description:
    """Write a backup into an empty directory, with every vote acknowledged before, and describe it."""
    with files.new_directory(directory):
        await persist_all(settings)
        return await save_snapshot(settings, directory, show_progress)


async def save_snapshot(
    settings: Settings, directory: Path, show_progress: bool = False
) -> files.Description:
    """Write PostgreSQL's rows, the embedded board's secret key and the description into a directory."""
    db = await asyncpg.connect(settings.database_url)
    try:
        async with db.transaction(isolation="repeatable_read", readonly=True):
            with files.progress("Save", None, show_progress) as progress:
                description = await _copy(db, directory, progress)
    finally:
        await db.close()
    if settings.embedded_database:
        files.write_secret_key(directory, settings.secret_key or "")
    files.write_description(directory, description)
    return description


async def persist_all(settings: Settings, sync: bool = False) -> None:
    """Persist the events that wait in Redis; with `sync` also write tallies and publish closed states.

    Raises OperatorError if they cannot be persisted, because the copy would lack them.
    """
    async with open_services(settings, query_seconds=PERSIST_SECONDS) as services:
        try:
            await services.functions.ping()
            await services.persist_events()
            if sync:
                await services.sync.run()
                await publish_all_closed(services.db, services.functions)
        except (*REDIS_AWAY, ForeignRedis, VotesUnavailable) as error:
            reason = f"the votes that wait in Redis cannot be saved ({error})"
            raise OperatorError(f"{reason}: run upvote doctor") from error


async def _copy(db: Connection, directory: Path, progress: files.Progress) -> files.Description:
    tables = {
        table: await queries.select_columns(db, table) for table in await queries.select_tables(db)
    }
    return files.Description(
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        version=__version__,
        migrations=await select_migrations(db),
        months=await queries.select_partition_months(db),
        tables=tables,
        rows={
            name: await _copy_table(db, directory, name, columns, progress)
            for name, columns in tables.items()
        },
        counters=await queries.select_sequences(db),
    )


async def _copy_table(
    db: Connection, directory: Path, table: str, columns: list[str], progress: files.Progress
) -> int:
    with files.create_table_file(directory, table) as file:

        async def write(chunk: bytes) -> None:
            file.write(chunk)
            progress.update(len(chunk))

        return await queries.copy_out(db, table, columns, write)
