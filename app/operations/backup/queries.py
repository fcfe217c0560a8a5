"""The SQL of backup and restore."""

from collections.abc import Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any

from asyncpg import Connection, Record


@dataclass(frozen=True)
class Counter:
    """Where the numbers of an identity column have come to."""

    table: str
    column: str
    last: int


async def select_migrations(db: Connection) -> list[str]:
    """The versions of the migrations that were applied, in order."""
    rows = await db.fetch("SELECT version FROM schema_migrations ORDER BY version")
    return [row["version"] for row in rows]


async def select_tables(db: Connection) -> list[str]:
    """Our tables without partitions, each behind those that it refers to."""
    tables = await db.fetch(
        """
        SELECT relname FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
              AND NOT relispartition AND relname <> 'schema_migrations'
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
    """The columns that hold data; generated ones follow from them."""
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
    """The months that the event log has partitions for, as 2026-01-01."""
    rows = await db.fetch(
        """
        SELECT replace(substring(relname FROM '[0-9]{4}_[0-9]{2}$'), '_', '-') || '-01' AS month
        FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
        WHERE inhparent = 'vote_events'::regclass AND relname ~ '^vote_events_[0-9]{4}_[0-9]{2}$'
        ORDER BY 1
        """
    )
    return [row["month"] for row in rows]


async def select_sequences(db: Connection) -> list[Counter]:
    rows = await db.fetch(
        """
        SELECT relname, attname, pg_get_serial_sequence(relname, attname) AS sequence
        FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
        WHERE relnamespace = 'public'::regnamespace AND attidentity <> '' AND NOT relispartition
        """
    )
    found = []
    for row in rows:  # the name comes from the catalogue, quoted where it has to be
        last = await db.fetchrow(f"SELECT last_value, is_called FROM {row['sequence']}")  # noqa: S608
        number = last["last_value"] if last["is_called"] else 0
        found.append(Counter(row["relname"], row["attname"], number))
    return found


async def update_sequence(db: Connection, sequence: Counter) -> None:
    """The next number is the one after the last."""
    await db.execute(
        "SELECT setval(pg_get_serial_sequence($1, $2), $3, false)",
        sequence.table,
        sequence.column,
        sequence.last + 1,
    )


async def select_is_empty(db: Connection) -> bool:
    """Whether nobody has ever used this database."""
    if await db.fetchval("SELECT to_regclass('public.users') IS NULL"):
        return True
    return bool(await db.fetchval("SELECT NOT EXISTS (SELECT FROM users)"))


async def count_other_connections(db: Connection) -> int:
    """How many connections web and worker have to this database."""
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
    """Drop everything that is ours; the migrations make it anew."""
    await db.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")


async def delete_rows(db: Connection, tables: Sequence[str]) -> None:
    """Empty the tables of what the migrations put there."""
    await db.execute(f"TRUNCATE {', '.join(_quoted(table) for table in tables)}")


async def make_partitions(db: Connection, months: Sequence[str]) -> None:
    for month in months:
        await db.execute("SELECT make_vote_events_partition($1::text::date)", month)


async def update_epochs(db: Connection, epoch: str | None) -> list[int]:
    """Give every shard an epoch that no Redis has, or none; returns the shards."""
    rows = await db.fetch("UPDATE stream_checkpoints SET epoch = $1 RETURNING shard", epoch)
    return [row["shard"] for row in rows]


async def select_epochs(db: Connection) -> list[Record]:
    return await db.fetch("SELECT * FROM shard_epochs")


async def insert_epochs(db: Connection, epochs: Sequence[Record]) -> None:
    """Add those that are not there."""
    await db.executemany(
        """
        INSERT INTO shard_epochs (epoch, shard, reason, lost_from, started_at)
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING
        """,
        [(e["epoch"], e["shard"], e["reason"], e["lost_from"], e["started_at"]) for e in epochs],
    )


async def copy_out(db: Connection, table: str, columns: Sequence[str], output: Any) -> int:
    """Give all rows as text to a coroutine function; returns how many."""
    names = ", ".join(map(_quoted, columns))
    rows = await db.copy_from_query(f"SELECT {names} FROM {_quoted(table)}", output=output)  # noqa: S608
    return int(rows.split()[-1])


async def copy_in(db: Connection, table: str, columns: Sequence[str], source: Any) -> int:
    """Add rows from a file of such text; returns how many."""
    rows = await db.copy_to_table(table, columns=columns, source=source)
    return int(rows.split()[-1])


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
