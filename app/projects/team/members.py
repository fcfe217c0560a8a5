"""Teams: the author of a project names members, who accept or decline.

Members count as authors: they may edit the project, it is on their profile, and with `self_votes` off
they cannot vote on it. So a vote that a member cast before is taken out, through the vote path, unless
voting has ended: then nothing changes any more.
"""

from asyncpg import Connection

from app.accounts.queries import select_user
from app.board.phases import locked_submitting_phase
from app.errors import VotesUnavailable
from app.projects.team import queries
from app.services import Services
from app.voting import keys
from app.voting.closing import publish_closed
from app.voting.votes import Status, Vote
from app.webhooks.events import write_updated

MOST_MEMBERS = 20  # with those who have not answered yet
ATTEMPTS = 3  # of a withdrawal, on a project that becomes cold again each time


class BadMember(Exception):
    """A change of a team that was refused; the message says why, and nothing has changed."""


async def invite(services: Services, author_id: int, project_id: int, username: str) -> None:
    """Name a member, who finds the invitation on the project's page. Raises BadMember."""
    account = await select_user(services.db, username)
    if account is None:
        raise BadMember(
            f"There is no user {username!r}. Ask for the name that stands at the top of their pages."
            if username
            else "Give the username of the person."
        )
    async with services.db.acquire() as db, db.transaction():
        await _require_open(services, db, author_id, project_id)
        team = await queries.select_team(db, project_id)
        if account.id == author_id:
            raise BadMember("You are the author of this project already.")
        known = next((member for member in team if member.user_id == account.id), None)
        if known and known.declined_at:
            raise BadMember(f"{username} has declined, and cannot be invited again.")
        if known and known.accepted_at:
            raise BadMember(f"{username} is on the team already.")
        if known:
            raise BadMember(f"{username} is invited already, and has not answered yet.")
        if sum(member.declined_at is None for member in team) >= MOST_MEMBERS:
            raise BadMember(f"A team has at most {MOST_MEMBERS} members beside the author.")
        await queries.insert_invitation(db, project_id, account.id)


async def remove(services: Services, author_id: int, project_id: int, username: str) -> None:
    """Take a member out of the team, or an invitation back. Raises BadMember."""
    account = await select_user(services.db, username)
    async with services.db.acquire() as db, db.transaction():
        await _require_open(services, db, author_id, project_id)
        if account is None or not await queries.delete_member(db, project_id, account.id):
            raise BadMember(f"{username} is not on the team.")
        await queries.mark_unpublished(db, project_id)
        await write_updated(db, [project_id])
    await publish_closed(services.db, services.functions, project_id)


async def leave(services: Services, project_id: int, user_id: int) -> bool:
    """Leave a team; return False if the user is not on it."""
    async with services.db.acquire() as db, db.transaction():
        await queries.lock_project(db, project_id)
        left = await queries.delete_member(db, project_id, user_id)
        if left:
            await queries.mark_unpublished(db, project_id)
            await write_updated(db, [project_id])
    if left:
        await publish_closed(services.db, services.functions, project_id)
    return left


async def decline(services: Services, project_id: int, user_id: int) -> bool:
    """Decline an invitation; return False if there is none to answer."""
    async with services.db.acquire() as db:
        return await queries.update_declined(db, project_id, user_id)


async def accept(services: Services, project_id: int, user_id: int) -> bool:
    """Make an invited user a member; return False if there is no invitation to answer.

    From then on no vote of the member is accepted with `self_votes` off, and an earlier one is taken
    out. While Redis is away the worker does both.
    """
    async with services.db.acquire() as db, db.transaction():
        await queries.lock_project(db, project_id)
        withdraws = not services.board.settings.self_votes
        if not await queries.update_accepted(db, project_id, user_id, withdraw_vote=withdraws):
            return False
        await queries.mark_unpublished(db, project_id)
        await write_updated(db, [project_id])
    if await publish_closed(services.db, services.functions, project_id) and withdraws:
        await _try_to_withdraw(services, project_id, user_id)
    return True


async def withdraw_votes_of_members(services: Services) -> int:
    """Take out the votes of members that could not be taken out before; return how many were done."""
    pairs = await queries.select_votes_to_withdraw(services.db)
    return sum([await _try_to_withdraw(services, *pair) for pair in pairs])


async def _try_to_withdraw(services: Services, project_id: int, user_id: int) -> bool:
    """Take out a member's vote; return False if that has to wait.

    It waits while Redis is away, and until voting begins. After the end of voting the vote stays.
    """
    shard = keys.shard_of(project_id, services.settings.vote_shards)
    vote = Vote(project_id, user_id, 0)
    try:
        for _ in range(ATTEMPTS):
            [result] = await services.functions.withdraw(shard, [vote], in_time=True)
            if result.status is not Status.COLD:
                break
            await services.hydrator.hydrate(project_id)
    except VotesUnavailable:
        return False
    if result.status in (Status.COLD, Status.NOT_BEGUN):
        return False
    await queries.update_vote_withdrawn(services.db, project_id, user_id)
    return True


async def _require_open(services: Services, db: Connection, author_id: int, project_id: int) -> None:
    """Raise BadMember unless the author may change the project now; nobody else changes its team."""
    phase = await locked_submitting_phase(services.board, db)
    await queries.lock_project(db, project_id)
    if phase != "open" or not await queries.select_may_invite(db, project_id, author_id):
        raise BadMember("The team cannot be changed now, since the project cannot be edited.")
