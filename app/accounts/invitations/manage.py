"""Making and revoking invitations, each noted in the moderation log."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from asyncpg import Connection, Pool

from app.accounts.invitations import new_code, queries
from app.accounts.invitations.queries import Invitation
from app.board.times import EXPECTED, format_time, parse_time
from app.texts import clean_line

LONGEST_LABEL = 80
MAX_USES = 100_000
NO_TIME = "Give a time such as 2026-12-01 18:00, or nothing for no end."  # unlike EXPECTED, no “now”


class BadInvitation(Exception):
    """Values that were refused, with a message for each field."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__(" ".join(errors.values()))
        self.errors = errors


@dataclass(frozen=True)
class NewInvitation:
    """What an invitation is made from; `until` None: it has no end."""

    label: str
    uses: int
    until: datetime | None
    makes_admins: bool


def parse_invitation(
    label: str, uses: str, until: str, zone: ZoneInfo, *, makes_admins: bool
) -> NewInvitation:
    """Return what these texts say; times without an offset are in `zone`. Raises BadInvitation."""
    errors, label, count, end = dict[str, str](), clean_line(label), 0, None
    if len(label) > LONGEST_LABEL:
        errors["label"] = f"Use at most {LONGEST_LABEL} characters. It has {len(label)} now."
    try:
        count = int(uses.strip() or "1")
    except ValueError:
        count = 0
    if not 1 <= count <= MAX_USES:
        errors["uses"] = f"Give a number of people between 1 and {MAX_USES:,}."
    try:
        end = parse_time(until.strip(), zone) if until.strip() else None
    except ValueError as error:
        errors["until"] = NO_TIME if str(error) == EXPECTED else str(error)
    if end is not None and end <= datetime.now(UTC):
        errors["until"] = "This time is over. Give a later one, or nothing for no end."
    if errors:
        raise BadInvitation(errors)
    return NewInvitation(label, count, end, makes_admins)


async def make_invitation(
    db: Connection, admin_id: int | None, new: NewInvitation, zone: ZoneInfo
) -> Invitation:
    """Make an invitation. Needs a transaction. `admin_id` None: on the command line."""
    made = await queries.insert_invitation(
        db, new_code(), new.label, new.uses, new.until, admin_id, makes_admins=new.makes_admins
    )
    await queries.insert_invitation_action(db, admin_id, "invite", describe(made, zone))
    return made


async def revoke_invitation(db: Pool, admin_id: int | None, code: str, zone: ZoneInfo) -> bool:
    """Let nobody join with an invitation any more; return False if it was revoked before.

    Accounts that were made with it stay. It holds once this returns: whoever is joining has joined.
    """
    async with db.acquire() as connection, connection.transaction():
        revoked = await queries.update_invitation_revoked(connection, code)
        if revoked is not None:
            await _note_revoked(connection, admin_id, revoked, zone)
    return revoked is not None


async def revoke_admin_invitations(
    db: Connection, admin_id: int | None, user_ids: Sequence[int], zone: ZoneInfo
) -> None:
    """Revoke the invitations for admins of accounts that are no admins any more.

    Needs the transaction that takes the role away: else they could make themselves admins again.
    """
    for revoked in await queries.update_admin_invitations_revoked(db, user_ids):
        await _note_revoked(db, admin_id, revoked, zone)


async def _note_revoked(
    db: Connection, admin_id: int | None, revoked: Invitation, zone: ZoneInfo
) -> None:
    words = f"{describe(revoked, zone)}; used {revoked.used:,} times"
    await queries.insert_invitation_action(db, admin_id, "revoke", words)


def describe(invitation: Invitation, zone: ZoneInfo) -> str:
    """Return an invitation in words for the moderation log, without its code."""
    label = f"“{invitation.label}”" if invitation.label else f"Number {invitation.id}"
    one, many = ("admin", "admins") if invitation.makes_admins else ("person", "people")
    count = f"{invitation.uses:,} {one if invitation.uses == 1 else many}"
    end = f", until {format_time(invitation.until, zone)}" if invitation.until else ""
    return f"{label}: for {count}{end}"
