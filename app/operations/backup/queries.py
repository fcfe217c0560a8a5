"""The SQL of backup and restore."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any

from asyncpg import Connection, Record

from app.storage.queries import count_rows


@dataclass(frozen=True)
class SequenceValue:
    """The last number that an identity column has given out, or 0."""

    table: str
    column: str
    last: int


async def select_tables(db: Connection) -> list[str]:
    """Return the tables, without partitions, each after those that it refers to.

    An unlogged table holds nothing that is worth keeping.
    """
    tables = await db.fetch(
        """
        SELECT relname FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
              AND NOT relispartition AND relname <> 'schema_migrations' AND relpersistence = 'p'
        """
    )
    references = await db.fetch(
        """
        SELECT DISTINCT referring.relname AS referring, referred.relname AS referred
        FROM pg_constraint
        JOIN pg_class AS referring ON referring.oid = conrelid
        JOIN pg_class AS referred ON referred.oid = confrelid
        WHERE contype = 'f' AND conrelid <> confrelid
              AND NOT referring.relispartition AND NOT referred.relispartition
        """
    )
    order: TopologicalSorter[str] = TopologicalSorter({row["relname"]: set() for row in tables})
    for row in references:
        order.add(row["referring"], row["referred"])
    return list(order.static_order())


async def select_columns(db: Connection, table: str) -> list[str]:
    """Return the columns that hold data, without generated columns."""
    rows = await db.fetch(
        """
        SELECT attname FROM pg_attribute
        WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
        ORDER BY attnum
        """,
        table,
    )
    return [row["attname"] for row in rows]


async def select_partition_months(db: Connection) -> list[str]:
    """Return the months for which the event log has partitions, as 2026-01-01."""
    rows = await db.fetch(
        """
        SELECT replace(substring(relname FROM '[0-9]{4}_[0-9]{2}$'), '_', '-') || '-01' AS month
        FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
        WHERE inhparent = 'vote_events'::regclass AND relname ~ '^vote_events_[0-9]{4}_[0-9]{2}$'
        ORDER BY 1
        """
    )
    return [row["month"] for row in rows]


async def select_sequences(db: Connection) -> list[SequenceValue]:
    """Return the last number of each numbered column that was given out, or that a row has."""
    rows = await db.fetch(
        """
        SELECT relname, attname, pg_get_serial_sequence(relname, attname) AS sequence
        FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
        WHERE relnamespace = 'public'::regnamespace AND attidentity <> '' AND NOT relispartition
        """
    )
    found = []
    for row in rows:  # the name comes from the catalogue, already quoted where needed
        # A sequence that was not used since it was made, or set by a restore, holds the next number.
        given_out = await db.fetchval(
            f"SELECT last_value - CASE WHEN is_called THEN 0 ELSE 1 END FROM {row['sequence']}"  # noqa: S608
        )
        highest = await db.fetchval(f"SELECT max({row['attname']}) FROM {row['relname']}")  # noqa: S608
        number = max(given_out, highest or 0)
        found.append(SequenceValue(row["relname"], row["attname"], number))
    return found


async def update_sequence(db: Connection, sequence: SequenceValue) -> None:
    """Let the column continue after its last number."""
    await db.execute(
        "SELECT setval(pg_get_serial_sequence($1, $2), $3, false)",
        sequence.table,
        sequence.column,
        sequence.last + 1,
    )


async def select_is_empty(db: Connection) -> bool:
    """Return whether this database has no schema or no users."""
    if await db.fetchval("SELECT to_regclass('public.users') IS NULL"):
        return True
    return bool(await db.fetchval("SELECT NOT EXISTS (SELECT FROM users)"))


async def select_has_relations(db: Connection) -> bool:
    """Return whether there are tables or views beside those of extensions and of the migrations."""
    return bool(
        await db.fetchval(
            """
            SELECT EXISTS (
                SELECT FROM pg_class
                WHERE relnamespace = to_regnamespace('public') AND relkind IN ('r', 'p', 'v', 'm', 'f')
                      AND relname <> 'schema_migrations'
                      AND NOT EXISTS (SELECT FROM pg_depend
                                      WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid
                                            AND deptype = 'e'))
            """
        )
    )


async def select_applied(db: Connection) -> set[str]:
    """Return the versions of the migrations in this database, none if it has no table of them."""
    if await db.fetchval("SELECT to_regclass('public.schema_migrations') IS NULL"):
        return set()
    rows = await db.fetch("SELECT version::text FROM public.schema_migrations")
    return {row["version"] for row in rows}


async def count_other_connections(db: Connection) -> int:
    """Return how many connections web and worker have to this database."""
    return int(
        await db.fetchval(
            """
            SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND application_name = 'upvote'
                  AND pid <> pg_backend_pid()
            """
        )
    )


async def delete_schema(db: Connection) -> None:
    """Drop the whole schema; the migrations create it again."""
    await db.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")


async def delete_rows(db: Connection, tables: Sequence[str]) -> None:
    """Remove the rows that migrations have inserted."""
    await db.execute(f"TRUNCATE {', '.join(_quote(table) for table in tables)}")


async def make_partitions(db: Connection, months: Sequence[str]) -> None:
    for month in months:
        await db.execute("SELECT make_vote_events_partition($1::text::date)", month)


async def update_epochs(db: Connection, epoch: str | None) -> list[int]:
    """Set every shard's epoch, None for no epoch, and forget its Redis server; return the shards.

    The tables may be those of an earlier version, which knew no servers.
    """
    has_server = "server" in await select_columns(db, "stream_checkpoints")
    server = ", server = NULL" if has_server else ""
    statement = f"UPDATE stream_checkpoints SET epoch = $1{server} RETURNING shard"  # noqa: S608
    return [row["shard"] for row in await db.fetch(statement, epoch)]


async def select_epochs(db: Connection) -> list[Record]:
    return await db.fetch("SELECT * FROM shard_epochs")


EPOCH = ("epoch", "shard", "reason", "lost_from", "started_at", "is_complete")
EARLIER_REASONS = ("first", "emptied", "older", "foreign")  # of migration 0005


async def insert_epochs(db: Connection, epochs: Sequence[Record]) -> None:
    """Insert the epochs that are missing.

    The epochs and the table may each be an earlier version's, without `is_complete` and later reasons.
    """
    rows = [dict(epoch) | {"is_complete": epoch.get("is_complete", False)} for epoch in epochs]
    names: Sequence[str] = EPOCH
    if "is_complete" not in await select_columns(db, "shard_epochs"):
        names = EPOCH[:-1]
        for row in rows:
            row["reason"] = row["reason"] if row["reason"] in EARLIER_REASONS else "foreign"
    places = ", ".join(f"${number}" for number in range(1, len(names) + 1))
    await db.executemany(
        f"INSERT INTO shard_epochs ({', '.join(names)}) VALUES ({places}) ON CONFLICT DO NOTHING",  # noqa: S608
        [[row[name] for name in names] for row in rows],
    )


async def copy_out(db: Connection, table: str, columns: Sequence[str], output: Any) -> int:
    """Pass all rows as text to the coroutine function `output`; return how many there are."""
    names = ", ".join(map(_quote, columns))
    copying = db.copy_from_query(f"SELECT {names} FROM {_quote(table)}", output=output)  # noqa: S608
    return count_rows(await _until_stopped(asyncio.ensure_future(copying)))


async def _until_stopped(copying: asyncio.Future[str]) -> str:
    """Return the result of a copy, which may be cancelled by a signal at any moment.

    asyncpg would fail, with a traceback and an error that hides why the copy ended, if it were
    cancelled between the arrival of rows and their reading. A timer runs when all is read.
    """
    try:
        return await asyncio.shield(copying)
    except asyncio.CancelledError:
        asyncio.get_running_loop().call_later(0, copying.cancel)
        await asyncio.gather(copying, return_exceptions=True)
        raise


async def copy_in(db: Connection, table: str, columns: Sequence[str], source: Any) -> int:
    """Insert rows from a file that `copy_out` has filled; return how many there are."""
    rows = await db.copy_to_table(table, columns=columns, source=source)
    return count_rows(rows)


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
