"""Makes, lists and revokes invitations for `upvote invite create`, `list` and `revoke`."""

from typing import Any
from zoneinfo import ZoneInfo

from asyncpg import Pool

from app.accounts.invitations import join_path, queries, read_code, why_unusable
from app.accounts.invitations.manage import (
    BadInvitation,
    make_invitation,
    parse_invitation,
    revoke_invitation,
)
from app.accounts.invitations.queries import ListedInvitation
from app.board.stored import read_board
from app.board.times import format_time
from app.errors import OperatorError
from app.settings import Settings
from app.storage.connections import open_database

ALL = 2**31 - 1


async def create(settings: Settings, label: str, uses: str, until: str, *, makes_admins: bool) -> str:
    """Make an invitation and return its link. Raises OperatorError."""
    async with await open_database(settings) as db:
        zone = await _zone(db, settings)
        try:
            new = parse_invitation(label, uses, until, zone, makes_admins=makes_admins)
        except BadInvitation as error:
            raise OperatorError(str(error)) from None
        async with db.acquire() as connection, connection.transaction():
            invitation = await make_invitation(connection, None, new, zone)
    return settings.address + join_path(invitation.code)


async def list_invitations(settings: Settings) -> list[dict[str, Any]]:
    """Return all invitations, newest first, with their links and in what state they are."""
    async with await open_database(settings) as db:
        zone = await _zone(db, settings)
        found = await queries.select_invitations(db, None, ALL)
    return [_as_row(each, settings, zone) for each in found]


async def revoke(settings: Settings, typed: str) -> bool:
    """Revoke the invitation with this code or link; return False if it was revoked before.

    Raises OperatorError if there is none.
    """
    code = read_code(typed)
    async with await open_database(settings) as db:
        if code is None or not await queries.select_invitation(db, code):
            raise OperatorError("There is no invitation with this code. See: upvote invite list")
        return await revoke_invitation(db, None, code, await _zone(db, settings))


async def _zone(db: Pool, settings: Settings) -> ZoneInfo:
    return (await read_board(db, settings)).zone


def _as_row(invitation: ListedInvitation, settings: Settings, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "code": invitation.code,
        "link": settings.address + join_path(invitation.code),
        "label": invitation.label,
        "state": why_unusable(invitation) or "open",
        "uses": invitation.uses,
        "used": invitation.used,
        "until": format_time(invitation.until, zone) or None,
        "admin": invitation.makes_admins,
        "made_by": invitation.made_by,
        "created_at": format_time(invitation.created_at.replace(microsecond=0), zone),
    }
