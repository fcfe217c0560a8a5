"""Moderation actions: change PostgreSQL together with the moderation log, then publish to Redis."""

from collections.abc import Sequence

from asyncpg import Connection

from app.accounts.invitations.manage import revoke_admin_invitations
from app.accounts.revocation import end_sessions
from app.accounts.settings.only_admin import check_other_admin
from app.accounts.state import AccountsState
from app.accounts.withdrawals.queries import insert_withdrawal
from app.moderation import queries
from app.moderation.odd.queries import delete_odd_votes_of
from app.services import Services
from app.voting import closing
from app.webhooks.events import write_removed, write_submitted, write_updated

AT_ONCE = 100


async def moderate_project(
    services: Services, admin_id: int | None, action: str, project_id: int, reason: str
) -> bool:
    """Hide, restore, lock or unlock a project; return False if there was nothing to do."""
    async with services.db.acquire() as db, db.transaction():
        done = await queries.update_project(db, action, project_id)
        if done:
            await queries.insert_project_actions(db, admin_id, action, [project_id], reason)
            await _write_events(db, action, [project_id])
    if done:
        await closing.publish_closed(services.db, services.functions, project_id)
    return done


async def moderate_projects_of(
    services: Services, admin_id: int | None, action: str, author_ids: Sequence[int], reason: str
) -> int:
    """Hide or restore all projects of some authors; return how many changed.

    Votes are refused at once on the first AT_ONCE, and on the others after the worker's next sync.
    """
    async with services.db.acquire() as db, db.transaction():
        changed = await moderate_within(db, admin_id, action, author_ids, reason)
    await publish_first(services, changed)
    return len(changed)


async def moderate_within(
    db: Connection, admin_id: int | None, action: str, author_ids: Sequence[int], reason: str
) -> list[int]:
    """Hide or restore all projects of some authors in this transaction; return those that changed.

    Call publish_first with them afterwards.
    """
    changed = await queries.update_projects_of(db, action, author_ids)
    await queries.insert_project_actions(db, admin_id, action, changed, reason)
    await _write_events(db, action, changed)
    return changed


async def _write_events(db: Connection, action: str, project_ids: Sequence[int]) -> None:
    """Write the events of an action: what is hidden is removed for others, and then submitted again."""
    if action == "hide":
        await write_removed(db, project_ids, "hidden")
    elif action == "restore":
        await write_submitted(db, project_ids)
    else:
        await write_updated(db, project_ids)


async def publish_first(services: Services, project_ids: Sequence[int]) -> None:
    """Publish to Redis at once that the first AT_ONCE of these projects were hidden or restored."""
    for project_id in project_ids[:AT_ONCE]:
        await closing.publish_closed(services.db, services.functions, project_id)


async def suspend(
    services: Services, accounts: AccountsState, admin_id: int | None, user_id: int, reason: str
) -> bool:
    """Suspend a user: end all sessions, and refuse sign-ins and tokens.

    Return False if there was nothing to do. Raises OnlyAdmin.
    """
    async with services.db.acquire() as db, db.transaction():
        await check_other_admin(db, user_id)
        if not await queries.update_user_suspended(db, user_id, suspended=True):
            return False
        await queries.insert_user_action(db, admin_id, "suspend", user_id, reason)
        zone = services.board.settings.zone
        await revoke_admin_invitations(db, admin_id, [user_id], zone)
        ended = await end_sessions(db, user_id)
    accounts.revocations.learn(user_id, ended)
    accounts.tokens.forget_user(user_id)
    return True


async def unsuspend(services: Services, admin_id: int | None, user_id: int, reason: str) -> bool:
    """End a suspension. Votes that were removed stay removed; the user may cast new ones.

    Return False if there was nothing to do.
    """
    async with services.db.acquire() as db, db.transaction():
        done = await queries.update_user_suspended(db, user_id, suspended=False)
        if done:
            await queries.insert_user_action(db, admin_id, "unsuspend", user_id, reason)
    return done


async def request_withdrawal(
    services: Services, admin_id: int | None, user_id: int, reason: str
) -> int:
    """Ask the worker to remove all votes of a user from the tallies; return how many there are."""
    async with services.db.acquire() as db, db.transaction():
        await queries.insert_user_action(db, admin_id, "withdraw", user_id, reason)
        await delete_odd_votes_of(db, [user_id])
        return await insert_withdrawal(db, user_id, by_moderator=True)
