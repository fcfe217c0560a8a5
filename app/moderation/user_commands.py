"""What `upvote user list`, `admin`, `suspend`, `restore`, `export` and `delete` do, and log."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass

from asyncpg import Connection

from app.accounts.invitations.manage import revoke_admin_invitations
from app.accounts.queries import Account, select_is_admin, select_user
from app.accounts.settings.delete_account import delete
from app.accounts.settings.export import write_export
from app.accounts.settings.only_admin import OnlyAdmin, check_other_admin
from app.accounts.state import AccountsState
from app.accounts.withdrawals.queries import select_withdrawal
from app.errors import OperatorError
from app.moderation import actions, queries
from app.moderation.csv_answer import CHUNK
from app.moderation.people.queries import ListedPerson, select_people
from app.services import Services, open_services
from app.settings import Settings

REASON = "On the command line."
# Statements may take longer (s) than those of a request, since nobody waits behind them.
QUERY_SECONDS = 30.0


@dataclass(frozen=True)
class Opened:
    services: Services
    account: Account

    async def log(self, db: Connection, action: str) -> None:
        await queries.insert_user_action(db, None, action, self.account.id, REASON)


async def list_users(settings: Settings) -> AsyncIterator[ListedPerson]:
    """Yield all accounts that are not deleted, in the order of their registration."""
    async with open_services(settings, query_seconds=QUERY_SECONDS) as services:
        after: int | None = None
        while found := await select_people(services.db, "all", "old", None, after, CHUNK):
            for person in found:
                if not person.deleted:
                    yield person
            after = found[-1].id


async def set_admin(settings: Settings, name: str, *, is_admin: bool) -> bool:
    """Make an account an admin, or no admin any more; return False if it was so before."""
    async with _open(settings, name) as opened, opened.services.db.acquire() as db, db.transaction():
        if is_admin and opened.account.suspended_at is not None:
            raise OperatorError(f"{name} is suspended. End that first: upvote user restore {name}")
        if not is_admin:
            await check_other_admin(db, opened.account.id)
        done = await queries.update_is_admin(db, opened.account.id, is_admin=is_admin)
        if done:
            await opened.log(db, "admin" if is_admin else "unadmin")
        if done and not is_admin:
            zone = opened.services.board.settings.zone
            await revoke_admin_invitations(db, None, [opened.account.id], zone)
        return done


async def suspend_user(settings: Settings, name: str, reason: str) -> bool:
    """Suspend an account; return False if it was suspended before."""
    async with _open(settings, name) as opened:
        state = AccountsState(opened.services)
        return await actions.suspend(opened.services, state, None, opened.account.id, reason or REASON)


async def restore_user(settings: Settings, name: str, reason: str) -> bool:
    """End a suspension; return False if there was none. Votes that were taken out stay out."""
    async with _open(settings, name) as opened:
        withdrawal = await select_withdrawal(opened.services.db, opened.account.id)
        if withdrawal is not None and withdrawal.finished_at is None:
            raise OperatorError(
                f"The votes of {name} are being taken out. Try again when the worker has done that"
            )
        return await actions.unsuspend(opened.services, None, opened.account.id, reason or REASON)


async def export_user(settings: Settings, name: str) -> AsyncGenerator[bytes]:
    """Yield what /me/export.json gives the owner."""
    async with _open(settings, name) as opened:
        services, account = opened.services, opened.account
        await services.board.refresh()
        async with services.db.acquire() as db:
            await opened.log(db, "export")
            is_admin = await select_is_admin(db, account.id)
        with_tallies = not services.board.is_secret() or is_admin
        export = write_export(services.db, account.id, with_tallies=with_tallies)
        async with aclosing(export) as pieces:
            async for piece in pieces:
                yield piece


async def delete_user(settings: Settings, name: str, *, delete_projects: bool) -> bool:
    """Delete an account as its owner can; return whether its votes leave the tallies."""
    async with _open(settings, name) as opened:

        async def first(db: Connection) -> None:
            await opened.log(db, "delete-account")

        services = opened.services
        await services.board.refresh()
        state = AccountsState(services)
        return await delete(
            services, state, opened.account, delete_projects=delete_projects, first=first
        )


async def check_user(settings: Settings, name: str) -> None:
    """Raise OperatorError if there is no such account."""
    async with _open(settings, name):
        pass


@asynccontextmanager
async def _open(settings: Settings, name: str) -> AsyncIterator[Opened]:
    async with open_services(settings, query_seconds=QUERY_SECONDS, record_shards=False) as services:
        account = await select_user(services.db, name)
        if account is None:
            raise OperatorError(f"There is no user {name}. See all: upvote user list")
        try:
            yield Opened(services, account)
        except OnlyAdmin:
            raise OperatorError(
                f"{name} is the only admin. Make somebody else an admin first: upvote user admin NAME"
            ) from None
