"""Entering: somebody whom the provider has identified is signed in, or chooses a username first.

An account is found by issuer and subject alone: names and addresses at a provider may change hands.
"""

from dataclasses import dataclass

from quart import Blueprint, redirect, render_template, request
from quart.typing import ResponseReturnValue

from app.accounts.attempts import registering
from app.accounts.confirmation import NO_SESSION, confirm
from app.accounts.forms import username_error
from app.accounts.look_alikes import load_look_alikes
from app.accounts.names import NameTaken, display_name_error
from app.accounts.queries import Account
from app.accounts.refusals import TAKEN, refusal_page, taken_message
from app.accounts.registration import RegistrationRefused, check_registration, register
from app.accounts.reserved_names import is_reserved
from app.accounts.revocation import session_ms
from app.accounts.sessions import sign_in
from app.accounts.single_sign_on import queries
from app.accounts.single_sign_on.errors import Barred, SignInRefused
from app.accounts.single_sign_on.failed import refused_page
from app.accounts.single_sign_on.flow import Flow
from app.accounts.single_sign_on.names import suggest_name
from app.accounts.single_sign_on.newcomer import Newcomer, forget, read, remember
from app.accounts.single_sign_on.state import provider
from app.accounts.suspended import suspended_page
from app.services import board, services
from app.texts import clean_line
from app.web.redirects import local_path
from app.web.strangers import open_to_strangers

blueprint = Blueprint("first_sign_in", __name__)

NAME_PAGE = "/sign-in/name"


@dataclass(frozen=True)
class Names:
    """What is typed into the form; `display_name` may be ""."""

    username: str
    display_name: str


class OtherAccountMade(Exception):
    """The identity got an account meanwhile, in another tab."""


class NameRefused(Exception):
    """A name cannot be had; `errors` says why, by field."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__("a name is refused")
        self.errors = errors


async def enter(newcomer: Newcomer) -> ResponseReturnValue:
    """Sign in to the account of the identity; without one, lead to the page to choose a username.

    Raises SignInRefused.
    """
    account = await queries.select_identified(services().db, provider().issuer, newcomer.subject)
    if account is None:
        await check_not_barred(provider().issuer, newcomer.subject)
        remember(newcomer)
        return redirect(NAME_PAGE, 303)
    return await _enter(account, newcomer)


async def check_not_barred(issuer: str, subject: str) -> None:
    """Raise Barred for an identity whose account was deleted while it was suspended."""
    if await queries.select_is_barred(services().db, issuer, subject):
        raise Barred("the account of this identity was suspended, and then deleted")


async def _enter(account: Account, newcomer: Newcomer) -> ResponseReturnValue:
    if account.suspended_at is not None:
        confirm(account.id, NO_SESSION)  # so that its data can be exported without a password
        return await suspended_page(account, confirmed=True), 403
    issuer, db = provider().issuer, services().db
    began = await queries.select_identified_start(db, account.id, issuer, newcomer.subject)
    if began is None:
        raise SignInRefused("the account was suspended or disconnected at this moment")
    sign_in(account, session_ms(began))
    return redirect(local_path(newcomer.back_to), 303)


@blueprint.get(NAME_PAGE)
@open_to_strangers
async def name_page() -> ResponseReturnValue:
    """Show the form to choose a username at the first sign-in."""
    provider()
    newcomer = read()
    if newcomer is None:
        return redirect("/login", 303)
    try:
        await check_registration(newcomer.invitation)
    except RegistrationRefused as refused:
        return await refusal_page(refused.reason), 403
    name = await suggest_name(services().db, newcomer.names, board().settings.name)
    full_name = clean_line(newcomer.full_name)
    if display_name_error(full_name, board().settings.name):
        full_name = ""
    return await _form_page(newcomer, Names(name, full_name), {})


@blueprint.post(NAME_PAGE)
@open_to_strangers
async def choose_name() -> ResponseReturnValue:
    """Create the account. Sent twice, from two tabs too, it creates one and signs in to it."""
    issuer, newcomer = provider().issuer, read()
    if newcomer is None:
        return redirect("/login", 303)
    form = await request.form
    names = Names(form.get("username", "").strip(), clean_line(form.get("display_name", "")))
    try:
        account = await queries.select_identified(services().db, issuer, newcomer.subject)
        account = account or await _create_account(issuer, newcomer, names)
        forget()
        return await _enter(account, newcomer)
    except RegistrationRefused as refused:
        return await refusal_page(refused.reason), 403
    except NameRefused as error:
        return await _form_page(newcomer, names, error.errors), 422
    except SignInRefused as error:
        return await refused_page(Flow("sign in", newcomer.back_to), error)


async def _create_account(issuer: str, newcomer: Newcomer, names: Names) -> Account:
    """Return a new account of this identity, or the one that another request has just made.

    Raises Barred, RegistrationRefused and NameRefused.
    """
    await load_look_alikes()
    if errors := _name_errors(names):
        raise NameRefused(errors)
    await check_not_barred(issuer, newcomer.subject)  # it may have been deleted in another tab
    secret_key, shown = services().settings.require_secret_key(), names.display_name or None
    try:
        async with registering(newcomer.invitation) as attempt:
            async with services().db.acquire() as db, db.transaction():
                account = await register(
                    db, secret_key, names.username, None, newcomer.invitation, shown
                )
                if not await queries.insert_identity(db, issuer, newcomer.subject, account.id):
                    raise OtherAccountMade
            attempt.counts = True
        return account
    except (OtherAccountMade, NameTaken, RegistrationRefused) as error:
        made = await queries.select_identified(services().db, issuer, newcomer.subject)
        if made is not None:
            return made
        if isinstance(error, RegistrationRefused):
            raise error
        if isinstance(error, NameTaken):
            raise NameRefused({error.field: taken_message(error)}) from None
        raise NameRefused({"username": TAKEN}) from None


def _name_errors(names: Names) -> dict[str, str]:
    board_name = board().settings.name
    reserved = "That username is reserved. Choose another one."
    found = {
        "username": reserved
        if is_reserved(names.username, board_name)
        else username_error(names.username),
        "display_name": display_name_error(names.display_name, board_name),
    }
    return {field: error for field, error in found.items() if error}


async def _form_page(newcomer: Newcomer, names: Names, errors: dict[str, str]) -> str:
    return await render_template("sign_in/name.html", newcomer=newcomer, form=names, errors=errors)
