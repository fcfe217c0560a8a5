"""The SQL of the settings page: tokens, deleting an account, exporting its data."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from asyncpg import Connection, Pool, Record

from app.accounts.queries import Account

# A scan of the whole event log may take this long (s) before it finds the first event of a user.
SCAN_SECONDS = 60


@dataclass(frozen=True)
class Token:
    """An API token, without the secret."""

    id: int
    name: str
    scopes: list[str]
    created_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True)
class PasswordHelp:
    """What somebody else did about an account's password: made a link, or set it. `admin` is "" for
    the command line."""

    action: str
    admin: str
    created_at: datetime


async def select_password_help(db: Pool, user_id: int) -> list[PasswordHelp]:
    """Return what others did about a user's password within a month, newest first."""
    rows = await db.fetch(
        """
        SELECT action, coalesce(admins.username, '') AS admin, moderation_actions.created_at
        FROM moderation_actions LEFT JOIN users AS admins ON admins.id = admin_id
        WHERE user_id = $1 AND action IN ('link', 'password')
          AND moderation_actions.created_at > now() - interval '30 days'
        ORDER BY moderation_actions.id DESC LIMIT 5
        """,
        user_id,
    )
    return [PasswordHelp(**row) for row in rows]


async def select_tokens(db: Pool, user_id: int) -> list[Token]:
    """Return a user's tokens, newest first."""
    rows = await db.fetch(
        """
        SELECT id, name, scopes, created_at, last_used_at FROM api_tokens
        WHERE user_id = $1 ORDER BY id DESC
        """,
        user_id,
    )
    return [Token(**row) for row in rows]


async def insert_token_within_limit(
    db: Connection,
    user_id: int,
    token_hash: bytes,
    name: str,
    scopes: Sequence[str],
    max_tokens: int,
) -> bool:
    """Insert a token; return False if the user has `max_tokens` already, or is deleted.

    Needs a transaction that has locked the user's row, since two inserts at once would both find room.
    """
    query = """
        INSERT INTO api_tokens (user_id, token_hash, name, scopes)
        SELECT id, $2, $3, $4 FROM users
        WHERE id = $1 AND deleted_at IS NULL
          AND (SELECT count(*) FROM api_tokens WHERE user_id = $1) < $5
        RETURNING id
    """
    return await db.fetchval(query, user_id, token_hash, name, scopes, max_tokens) is not None


async def select_has_token(db: Connection, user_id: int, token_hash: bytes) -> bool:
    """Return whether the token is still valid."""
    return await db.fetchval(
        "SELECT EXISTS (SELECT FROM api_tokens WHERE user_id = $1 AND token_hash = $2)",
        user_id,
        token_hash,
    )


async def delete_token(db: Pool, user_id: int, token_id: int) -> bytes | None:
    """Revoke a user's token; return its hash, or None if the user has no such token."""
    return await db.fetchval(
        "DELETE FROM api_tokens WHERE id = $1 AND user_id = $2 RETURNING token_hash", token_id, user_id
    )


async def delete_tokens(db: Connection, user_id: int) -> None:
    await db.execute("DELETE FROM api_tokens WHERE user_id = $1", user_id)


async def delete_identities(db: Connection, user_id: int) -> None:
    await db.execute("DELETE FROM user_identities WHERE user_id = $1", user_id)


async def delete_memberships(db: Connection, user_id: int) -> None:
    """Take a user out of all teams, and take invitations back."""
    await db.execute("DELETE FROM project_members WHERE user_id = $1", user_id)


async def select_only_admin(db: Connection) -> int | None:
    """Return the only admin who can act, or None if there are several or none.

    No admin changes until the end of the transaction, so no two can suspend each other at once.
    """
    rows = await db.fetch(
        """
        SELECT id, suspended_at IS NULL AND deleted_at IS NULL AS active
        FROM users WHERE is_admin ORDER BY id FOR UPDATE
        """
    )
    active = [row["id"] for row in rows if row["active"]]
    return active[0] if len(active) == 1 else None


async def select_to_delete(db: Connection, user_id: int) -> Account | None:
    """Return an account as it is now, locked until the transaction ends; None if it is deleted."""
    row = await db.fetchrow(
        """
        SELECT id, username, password_hash, is_admin, created_at, suspended_at, display_name
        FROM users WHERE id = $1 AND deleted_at IS NULL FOR UPDATE
        """,
        user_id,
    )
    return row and Account(**row)


async def update_user_deleted(db: Connection, user_id: int, name: str) -> str | None:
    """Delete an account; only its id stays, under a name that says that it is deleted.

    Returns the display name that it had.
    """
    return await db.fetchval(
        """
        WITH before AS (
            SELECT id, display_name FROM users WHERE id = $1 AND deleted_at IS NULL FOR UPDATE
        )
        UPDATE users
        SET username = $2, password_hash = NULL, is_admin = false, invitation_id = NULL,
            deleted_at = now(), display_name = NULL, display_skeleton = NULL
        FROM before WHERE users.id = before.id
        RETURNING before.display_name
        """,
        user_id,
        name,
    )


def deletion_of_projects(condition: str) -> str:
    """Return a statement that deletes projects and their texts, and returns the ids of those that were
    not deleted before. Their votes and events stay, because the votes belong to other users.
    """
    return f"""
        WITH deleted AS (
            UPDATE projects SET deleted_at = coalesce(deleted_at, now()), title = 'Deleted',
                url = NULL, description = '', link_key = NULL, search_digest = NULL, closed_told = -1
            WHERE {condition} RETURNING id, deleted_at
        ), removed AS (DELETE FROM project_search USING deleted WHERE project_id = id)
        SELECT id FROM deleted WHERE deleted_at = now()
    """  # noqa: S608  (the conditions are ours)


async def update_projects_deleted(db: Connection, user_id: int) -> list[int]:
    """Delete a user's projects that are not locked, and their texts.

    Return the ids of those that were not deleted before.
    """
    rows = await db.fetch(deletion_of_projects("author_id = $1 AND locked_at IS NULL"), user_id)
    return [row["id"] for row in rows]


async def select_profile(db: Connection, user_id: int) -> Record:
    return await db.fetchrow(
        """
        SELECT id, username, display_name, is_admin, created_at, suspended_at, sessions_ended_at
        FROM users WHERE id = $1
        """,
        user_id,
    )


# The parts of an export after the profile, in order. All but the last read from an index: the event log
# has none by user, since each vote would have to update it.
EXPORTS = {
    "joined_with": """
        SELECT label, invitations.created_at FROM invitations
        JOIN users ON invitation_id = invitations.id WHERE users.id = $1
    """,
    "invitations": """
        SELECT label, uses, used, until, makes_admins, created_at, revoked_at FROM invitations
        WHERE admin_id = $1 ORDER BY id
    """,
    "projects": """
        SELECT id, key, title, url, description, created_at, edited_at, hidden_at, locked_at,
               deleted_at, upvotes, downvotes, vote_version AS version,
               (SELECT slug FROM tracks WHERE tracks.id = track_id) AS track
        FROM projects WHERE author_id = $1 ORDER BY id
    """,
    "teams": """
        SELECT project_id, invited_at, accepted_at, declined_at
        FROM project_members WHERE user_id = $1 ORDER BY project_id
    """,
    "identities": """
        SELECT issuer, subject, connected_at FROM user_identities WHERE user_id = $1 ORDER BY issuer
    """,
    "other_site": "SELECT subject, name, named_at, first_came_at FROM site_users WHERE user_id = $1",
    "tokens": """
        SELECT name, scopes, created_at, last_used_at FROM api_tokens WHERE user_id = $1 ORDER BY id
    """,
    "mail": """
        SELECT address, confirmed_at, pending, asked_at FROM mail_addresses WHERE user_id = $1
    """,
    "password_links": "SELECT mailed, made_at FROM password_links WHERE user_id = $1",
    "drafts": "SELECT page, fields, saved_at FROM drafts WHERE user_id = $1 ORDER BY page",
    "moderation": """
        SELECT action, project_id, CASE WHEN reason_shared THEN reason END AS reason, created_at
        FROM moderation_actions
        WHERE user_id = $1 OR project_id IN (SELECT id FROM projects WHERE author_id = $1) ORDER BY id
    """,
    "votes": """
        SELECT project_id, value, voted_at FROM votes WHERE user_id = $1 ORDER BY voted_at, project_id
    """,
    "events": """
        SELECT project_id, old_value, new_value, version, created_at
        FROM vote_events WHERE user_id = $1 ORDER BY created_at, project_id
    """,
}


async def select_export(
    db: Connection, name: str, user_id: int, chunk: int
) -> AsyncIterator[Sequence[Record]]:
    """Yield all rows of one of the EXPORTS, `chunk` at a time; needs a transaction."""
    cursor = await db.cursor(EXPORTS[name], user_id, timeout=SCAN_SECONDS)
    while rows := await cursor.fetch(chunk, timeout=SCAN_SECONDS):
        yield rows
