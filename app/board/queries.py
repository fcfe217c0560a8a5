"""The SQL of the board's settings."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Literal

from asyncpg import Connection, Pool

from app.board.settings import BoardSettings, Registration

COLUMNS = ", ".join(field.name for field in fields(BoardSettings))


@dataclass(frozen=True)
class Announced:
    """The phase of voting that webhooks were told last, and the end that voting had then."""

    phase: Literal["before", "open", "ended"] | None
    vote_until: datetime | None


async def select_revision(db: Pool | Connection) -> int:
    return await db.fetchval("SELECT revision FROM board_settings")


async def select_news(db: Pool, since: datetime) -> tuple[int, list[tuple[int, datetime]]]:
    """Return the revision, and the users whose sessions were ended after `since`, and when.

    Every web process asks for both again and again, so one statement reads both.
    """
    rows = await db.fetch(
        """
        SELECT revision, id, sessions_ended_at
        FROM board_settings LEFT JOIN users ON sessions_ended_at > $1
        """,
        since,
    )
    ended = [(row["id"], row["sessions_ended_at"]) for row in rows if row["id"] is not None]
    return rows[0]["revision"], ended


async def select_board_settings(db: Pool | Connection) -> dict[str, Any]:
    """Return what is stored; None stands for the default."""
    return dict(await db.fetchrow(f"SELECT {COLUMNS} FROM board_settings"))  # noqa: S608


async def select_board_settings_for_update(db: Connection) -> dict[str, Any]:
    """As select_board_settings, and let no other process change them until the transaction ends."""
    return dict(await db.fetchrow(f"SELECT {COLUMNS} FROM board_settings FOR UPDATE"))  # noqa: S608


async def select_times_for_share(db: Connection) -> dict[str, Any]:
    """Return the times, and let nobody change them until the transaction ends."""
    return dict(
        await db.fetchrow(
            "SELECT submit_from, submit_until, vote_from, vote_until FROM board_settings FOR SHARE"
        )
    )


async def select_registration_for_share(db: Connection) -> Registration:
    """Return who may register, and let nobody change it until the transaction ends."""
    stored = await db.fetchval("SELECT registration FROM board_settings FOR SHARE")
    return stored or BoardSettings.registration


async def update_board_settings(db: Connection, revision: int, values: Mapping[str, Any]) -> None:
    """Store values by their keys, which must be columns; None restores the default."""
    columns = "".join(f", {key} = ${n}" for n, key in enumerate(values, 2))
    await db.execute(f"UPDATE board_settings SET revision = $1{columns}", revision, *values.values())  # noqa: S608


async def select_logo(db: Pool, digest: str) -> bytes | None:
    return await db.fetchval("SELECT bytes FROM board_logos WHERE digest = $1", digest)


async def insert_logo(db: Connection, digest: str, mimetype: str, picture: bytes) -> None:
    """Store a logo; the same one again changes nothing."""
    await db.execute(
        "INSERT INTO board_logos (digest, type, bytes) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        digest,
        mimetype,
        picture,
    )


async def delete_other_logos(db: Connection, digest: str | None) -> None:
    await db.execute("DELETE FROM board_logos WHERE digest IS DISTINCT FROM $1", digest)


async def insert_board_change(db: Connection, admin_id: int | None, text: str) -> None:
    """Note a change of the board in the moderation log; `admin_id` None: on the command line."""
    await db.execute(
        "INSERT INTO moderation_actions (admin_id, action, reason) VALUES ($1, 'board', $2)",
        admin_id,
        text,
    )


async def select_budget(db: Pool) -> int:
    """Return how many votes in force an account may have; 0: any number."""
    return await db.fetchval("SELECT coalesce(budget, 0) FROM board_settings")


async def select_announced(db: Pool) -> tuple[Announced, dict[str, Any]]:
    """Return what was announced of voting, and its times now."""
    row = await db.fetchrow(
        """
        SELECT phase, announced_voting.vote_until AS announced_until, vote_from,
               board_settings.vote_until
        FROM announced_voting CROSS JOIN board_settings
        """
    )
    times = {key: row[key] for key in ("vote_from", "vote_until")}
    return Announced(row["phase"], row["announced_until"]), times


async def select_announced_for_update(db: Connection) -> Announced:
    """Return what was announced; nobody else writes about voting until the transaction ends."""
    return Announced(**await db.fetchrow("SELECT phase, vote_until FROM announced_voting FOR UPDATE"))


async def update_announced(db: Connection, phase: str, vote_until: datetime | None) -> None:
    await db.execute("UPDATE announced_voting SET phase = $1, vote_until = $2", phase, vote_until)
