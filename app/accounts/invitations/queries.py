"""The SQL of invitations."""

from dataclasses import dataclass
from datetime import datetime

from asyncpg import Connection, Pool

_COLUMNS = """invitations.id, code, label, uses, used, until, makes_admins, invitations.created_at,
    revoked_at, coalesce(until <= clock_timestamp(), false) AS is_over"""


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
