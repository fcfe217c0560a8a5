"""Suspends accounts and requests the withdrawal of their votes, all in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.accounts.invitations.manage import revoke_admin_invitations
from app.accounts.revocation import session_ms
from app.accounts.state import AccountsState
from app.moderation import actions
from app.moderation.many import queries
from app.moderation.odd.queries import delete_odd_votes_of
from app.services import Services


@dataclass(frozen=True)
class Done:
    """How many accounts were suspended, how many votes of how many accounts are being withdrawn."""

    suspended: int
    withdrawn: int
    votes: int
    hidden: int = 0


async def suspend_many(
    services: Services,
    state: AccountsState,
    admin_id: int | None,
    user_ids: Sequence[int],
    reason: str,
    *,
    hide_projects: bool = False,
) -> Done:
    """Suspend accounts and withdraw their votes; those of accounts that are suspended or deleted too.

    Admins are left out. What was done before is not done again, so a second click changes nothing.
    """
    async with services.db.acquire() as db, db.transaction():
        suspended = await queries.update_many_suspended(db, user_ids)
        ids = [user_id for user_id, _ in suspended]
        await queries.insert_user_actions(db, admin_id, "suspend", ids, reason)
        await revoke_admin_invitations(db, admin_id, ids, services.board.settings.zone)
        withdrawn = await queries.insert_withdrawals(db, user_ids)
        ids = [user_id for user_id, _ in withdrawn]
        await queries.insert_user_actions(db, admin_id, "withdraw", ids, reason)
        ended_ids = await queries.select_ended(db, user_ids)
        await delete_odd_votes_of(db, ended_ids)
        authors = ended_ids if hide_projects else []
        hidden = await actions.moderate_within(db, admin_id, "hide", authors, reason)
    for user_id, ended_at in suspended:
        state.revocations.learn(user_id, session_ms(ended_at))
        state.tokens.forget_user(user_id)
    await actions.publish_first(services, hidden)
    return Done(len(suspended), len(withdrawn), sum(votes for _, votes in withdrawn), len(hidden))
