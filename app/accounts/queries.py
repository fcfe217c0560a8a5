"""The SQL of accounts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from asyncpg import Connection, Pool

from app.accounts.user import TokenUse

# What Person.of of app/accounts/person.py reads.
PERSON = """
    ARRAY[users.username, coalesce(users.display_name, ''),
          (users.is_admin AND users.suspended_at IS NULL)::text]
"""


@dataclass(frozen=True)
class Account:
    id: int
    username: str
    password_hash: str | None  # None: there is no password, only an identity provider
    is_admin: bool
    created_at: datetime
    suspended_at: datetime | None = None
    display_name: str | None = None


async def insert_user(
    db: Pool | Connection,
    username: str,
    password_hash: str | None,
    *,
    is_admin: bool = False,
    invitation_id: int | None = None,
) -> Account | None:
    """Create an account; return None if the name is taken."""
    row = await db.fetchrow(
        """
        INSERT INTO users (username, password_hash, is_admin, invitation_id) VALUES ($1, $2, $3, $4)
        ON CONFLICT (username) DO NOTHING
        RETURNING id, username, password_hash, is_admin, created_at
        """,
        username,
        password_hash,
        is_admin,
        invitation_id,
    )
    return row and Account(**row)


# Repeats look_alikes.py for the characters of usernames; an index of migration 0058 has it.
_USERNAME_SKELETON = (
    "translate(replace(replace(translate(username, '_-', ''), 'rn', 'm'), 'vv', 'w'), '01i', 'oll')"
)


async def lock_skeletons(db: Connection, skeletons: Iterable[str]) -> None:
    """Let nobody else choose a name that looks like these until the transaction ends."""
    for each in sorted(set(skeletons)):
        await db.execute("SELECT pg_advisory_xact_lock(58, hashtext($1))", each)


async def select_looks_taken(db: Connection, skeleton: str, but: int) -> bool:
    """Return whether another account than `but` has a name that looks like this."""
    query = f"""
        SELECT EXISTS (SELECT FROM users WHERE display_skeleton = $1 AND id <> $2)
            OR EXISTS (SELECT FROM users WHERE {_USERNAME_SKELETON} = $1 AND id <> $2
                       AND deleted_at IS NULL)
    """  # noqa: S608
    return await db.fetchval(query, skeleton, but)


async def update_display_name(
    db: Connection, user_id: int, name: str | None, skeleton: str | None
) -> None:
    """Set an account's display name, or remove it."""
    await db.execute(
        """
        UPDATE users SET display_name = $2, display_skeleton = $3
        WHERE id = $1 AND deleted_at IS NULL
        """,
        user_id,
        name,
        skeleton,
    )


async def insert_former_name(db: Connection, digest: bytes) -> None:
    """Store the digest of a deleted account's name."""
    await db.execute("INSERT INTO former_names (digest) VALUES ($1) ON CONFLICT DO NOTHING", digest)


async def select_is_former_name(db: Connection, digest: bytes) -> bool:
    """Return whether a deleted account had the name with that digest."""
    return await db.fetchval("SELECT EXISTS (SELECT FROM former_names WHERE digest = $1)", digest)


async def select_user(db: Pool, username: str) -> Account | None:
    """Return the account with that name, or None if there is none or it was deleted."""
    row = await db.fetchrow(
        """
        SELECT id, username, password_hash, is_admin, created_at, suspended_at, display_name
        FROM users WHERE username = $1 AND deleted_at IS NULL
        """,
        username,
    )
    return row and Account(**row)


async def select_any_user(db: Pool, username: str) -> Account | None:
    """Return the account with that name, which may be the name that a deleted account is left with."""
    row = await db.fetchrow(
        """
        SELECT id, username, password_hash, is_admin, created_at, suspended_at, display_name
        FROM users WHERE username = $1
        """,
        username,
    )
    return row and Account(**row)


async def select_account(db: Pool, user_id: int) -> Account | None:
    """Return the account with that id, or None if there is none or it was deleted."""
    row = await db.fetchrow(
        """
        SELECT id, username, password_hash, is_admin, created_at, suspended_at, display_name
        FROM users WHERE id = $1 AND deleted_at IS NULL
        """,
        user_id,
    )
    return row and Account(**row)


async def select_is_admin(db: Pool | Connection, user_id: int) -> bool:
    """Return whether a user is an admin who is neither suspended nor deleted."""
    found = await db.fetchval(
        "SELECT is_admin AND suspended_at IS NULL AND deleted_at IS NULL FROM users WHERE id = $1",
        user_id,
    )
    return found or False


async def select_suspension_reason(db: Pool, user_id: int) -> str | None:
    """Return why a user is suspended, or None if the admin was told that only admins read it."""
    return await db.fetchval(
        """
        SELECT CASE WHEN reason_shared THEN reason END FROM moderation_actions
        WHERE user_id = $1 AND action = 'suspend' ORDER BY id DESC LIMIT 1
        """,
        user_id,
    )


async def select_session_start(
    db: Pool | Connection, user_id: int, password_hash: str | None
) -> datetime | None:
    """Return the current time, or None if the account has another password by now or cannot sign in.

    A change that ends sessions locks the account's row before it stores the time at which they end. So
    either this session begins before that time and is ended too, or the change is visible here.
    """
    return await db.fetchval(
        """
        SELECT clock_timestamp() FROM users
        WHERE id = $1 AND password_hash IS NOT DISTINCT FROM $2
          AND suspended_at IS NULL AND deleted_at IS NULL
        FOR SHARE
        """,
        user_id,
        password_hash,
    )


async def select_admin_ids(db: Pool) -> set[int]:
    """Return the ids of all admins who are neither suspended nor deleted."""
    rows = await db.fetch(
        "SELECT id FROM users WHERE is_admin AND suspended_at IS NULL AND deleted_at IS NULL"
    )
    return {row["id"] for row in rows}


async def update_sessions_ended(db: Pool | Connection, user_id: int) -> datetime:
    """End all sessions that a user has had until now; return that time."""
    return await db.fetchval(
        """
        UPDATE users SET sessions_ended_at = clock_timestamp() WHERE id = $1
        RETURNING sessions_ended_at
        """,
        user_id,
    )


async def update_password_hash(
    db: Pool | Connection, user_id: int, old: str | None, password_hash: str
) -> bool:
    """Replace the hash; return False if it is not `old` any more, or the user suspended or deleted.

    `old` None: the account had no password.
    """
    found = await db.fetchval(
        """
        UPDATE users SET password_hash = $3
        WHERE id = $1 AND password_hash IS NOT DISTINCT FROM $2
          AND suspended_at IS NULL AND deleted_at IS NULL
        RETURNING id
        """,
        user_id,
        old,
        password_hash,
    )
    return found is not None


async def insert_token(
    db: Pool, user_id: int, token_hash: bytes, name: str, scopes: Sequence[str] = ()
) -> None:
    query = "INSERT INTO api_tokens (user_id, token_hash, name, scopes) VALUES ($1, $2, $3, $4)"
    await db.execute(query, user_id, token_hash, name, scopes)


async def update_token_used(db: Pool, token_hash: bytes) -> None:
    """Store that a token is in use, unless that was stored within the last minute."""
    await db.execute(
        """
        UPDATE api_tokens SET last_used_at = now()
        WHERE token_hash = $1
          AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')
        """,
        token_hash,
    )


async def select_token(db: Pool, token_hash: bytes) -> TokenUse | None:
    """Return what a token allows, or None if its user is suspended or deleted."""
    row = await db.fetchrow(
        """
        SELECT user_id, scopes FROM api_tokens JOIN users ON users.id = user_id
        WHERE token_hash = $1 AND suspended_at IS NULL AND deleted_at IS NULL
        """,
        token_hash,
    )
    return row and TokenUse(row["user_id"], frozenset(row["scopes"]))
