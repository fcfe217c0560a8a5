"""The SQL of invitations."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from asyncpg import Connection, Pool

_COLUMNS = """invitations.id, code, label, uses, used, until, makes_admins, invitations.created_at,
    revoked_at, coalesce(until <= clock_timestamp(), false) AS is_over"""


_SELECT = f"""
    SELECT {_COLUMNS}, users.username AS made_by
    FROM invitations LEFT JOIN users ON users.id = admin_id
"""  # noqa: S608


@dataclass(frozen=True)
class Invitation:
    """An invitation: `used` of its `uses` accounts are made; `is_over`: its time (`until`) is over."""

    id: int
    code: str
    label: str
    uses: int
    used: int
    until: datetime | None
    makes_admins: bool
    created_at: datetime
    revoked_at: datetime | None
    is_over: bool


@dataclass(frozen=True)
class ListedInvitation(Invitation):
    """An invitation as admins see it; `made_by` None: made on the command line."""

    made_by: str | None


@dataclass(frozen=True)
class Member:
    """An account that was made with an invitation."""

    username: str
    created_at: datetime


async def select_invitation(db: Pool | Connection, code: str) -> Invitation | None:
    row = await db.fetchrow(f"SELECT {_COLUMNS} FROM invitations WHERE code = $1", code)  # noqa: S608
    return row and Invitation(**row)


async def update_invitation_used(db: Connection, code: str) -> Invitation | None:
    """Use an invitation once; return it, or None if it is of no use (any more).

    The row stays locked until the transaction ends, so whoever else wants the last use waits for it.
    """
    row = await db.fetchrow(
        f"""
        UPDATE invitations SET used = used + 1
        WHERE code = $1 AND used < uses AND revoked_at IS NULL
          AND (until IS NULL OR until > clock_timestamp())
        RETURNING {_COLUMNS}
        """,  # noqa: S608
        code,
    )
    return row and Invitation(**row)


async def insert_invitation(
    db: Connection,
    code: str,
    label: str,
    uses: int,
    until: datetime | None,
    admin_id: int | None,
    *,
    makes_admins: bool,
) -> Invitation:
    row = await db.fetchrow(
        f"""
        INSERT INTO invitations (code, label, uses, until, admin_id, makes_admins)
        VALUES ($1, $2, $3, $4, $5, $6)
        RETURNING {_COLUMNS}
        """,  # noqa: S608
        code,
        label,
        uses,
        until,
        admin_id,
        makes_admins,
    )
    return Invitation(**row)


async def update_invitation_revoked(db: Connection, code: str) -> Invitation | None:
    """Revoke an invitation; return it, or None if there is none or it was revoked before."""
    row = await db.fetchrow(
        f"""
        UPDATE invitations SET revoked_at = clock_timestamp() WHERE code = $1 AND revoked_at IS NULL
        RETURNING {_COLUMNS}
        """,  # noqa: S608
        code,
    )
    return row and Invitation(**row)


async def update_admin_invitations_revoked(
    db: Connection, admin_ids: Sequence[int]
) -> list[Invitation]:
    """Revoke what these accounts have made that could still make admins; return it."""
    rows = await db.fetch(
        f"""
        UPDATE invitations SET revoked_at = clock_timestamp()
        WHERE admin_id = ANY ($1::bigint[]) AND makes_admins AND revoked_at IS NULL AND used < uses
          AND (until IS NULL OR until > clock_timestamp())
        RETURNING {_COLUMNS}
        """,  # noqa: S608
        admin_ids,
    )
    return [Invitation(**row) for row in rows]


async def select_invitations(db: Pool, before: int | None, count: int) -> list[ListedInvitation]:
    """Return up to `count` invitations with ids below `before`, newest first."""
    rows = await db.fetch(
        f"""
        {_SELECT} WHERE $1::bigint IS NULL OR invitations.id < $1
        ORDER BY invitations.id DESC LIMIT $2
        """,
        before,
        count,
    )
    return [ListedInvitation(**row) for row in rows]


async def select_listed_invitation(db: Pool, invitation_id: int) -> ListedInvitation | None:
    row = await db.fetchrow(f"{_SELECT} WHERE invitations.id = $1", invitation_id)
    return row and ListedInvitation(**row)


async def select_members(db: Pool, invitation_id: int, count: int) -> list[Member]:
    """Return the newest `count` accounts that were made with an invitation and are not deleted."""
    rows = await db.fetch(
        """
        SELECT username, created_at FROM users WHERE invitation_id = $1
        ORDER BY id DESC LIMIT $2
        """,
        invitation_id,
        count,
    )
    return [Member(**row) for row in rows]


async def insert_invitation_action(
    db: Connection, admin_id: int | None, action: str, text: str
) -> None:
    """Note in the moderation log that an invitation was made ("invite") or revoked ("revoke")."""
    await db.execute(
        "INSERT INTO moderation_actions (admin_id, action, reason) VALUES ($1, $2, $3)",
        admin_id,
        action,
        text,
    )
