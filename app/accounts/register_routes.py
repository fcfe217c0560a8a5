"""/register and /join: pages on which people make an account, without or with an invitation."""

from collections.abc import Mapping

from quart import Blueprint, Response, abort, redirect, render_template, request
from quart.typing import ResponseReturnValue
from werkzeug.exceptions import TooManyRequests

from app.accounts import queries
from app.accounts.attempts import registering
from app.accounts.forms import check_credentials
from app.accounts.guard import known_user
from app.accounts.idempotency.keys import IdempotencyKey, find_created, key_of, store_created
from app.accounts.invitations import join_path, read_code
from app.accounts.invitations.queries import Invitation
from app.accounts.look_alikes import load_look_alikes
from app.accounts.names import NameTaken, display_name_error
from app.accounts.passwords import check_password, hash_password
from app.accounts.queries import Account
from app.accounts.refusals import NO_PASSWORDS, refusal_page, taken_message
from app.accounts.registration import RegistrationRefused, check_registration, register
from app.accounts.reserved_names import is_reserved
from app.accounts.revocation import session_ms
from app.accounts.sessions import sign_in
from app.services import board, services
from app.texts import clean_line
from app.web.headers import never_store
from app.web.redirects import local_path
from app.web.strangers import open_to_strangers

blueprint = Blueprint("registration", __name__)


@blueprint.after_request
async def keep_links(response: Response) -> Response:
    """Let no cache store the pages whose addresses make accounts."""
    if request.path.startswith(join_path("")):
        return await never_store(response)
    return response


@blueprint.get("/register")
@open_to_strangers
async def register_page() -> ResponseReturnValue:
    try:
        await check_registration()
    except RegistrationRefused as refused:
        return await refusal_page(refused.reason)
    return await _form_page({"next": request.args.get("next", "")})


@blueprint.post("/register")
@open_to_strangers
async def register_with_form() -> ResponseReturnValue:
    return await _register((await request.form).to_dict())


@blueprint.get("/join")
@open_to_strangers
async def find_invitation() -> ResponseReturnValue:
    """Lead from a code or link that somebody typed or pasted to its page."""
    typed = request.args.get("code", "")
    code = read_code(typed)
    return redirect(join_path(code), 303) if code else await refusal_page("invited", typed)


@blueprint.get("/join/<code>")
@open_to_strangers
async def join_page(code: str) -> ResponseReturnValue:
    """Show the form to register with an invitation. Opening it uses nothing."""
    user = known_user()
    try:
        invitation = await check_registration(code)
    except RegistrationRefused as refused:
        return await refusal_page(refused.reason), 404 if refused.reason == "unknown" else 200
    if user is not None:
        return await render_template("accounts/joined_already.html", code=code)
    return await _form_page({}, invitation=invitation)


@blueprint.post("/join/<code>")
@open_to_strangers
async def join(code: str) -> ResponseReturnValue:
    return await _register((await request.form).to_dict(), code)


async def _register(form: dict[str, str], code: str = "") -> ResponseReturnValue:
    """Create an account, and sign in. A form that is sent again signs in to the account it has made."""
    if not services().settings.password_sign_in:
        abort(403, NO_PASSWORDS)
    username, password = form.get("username", "").strip(), form.get("password", "")
    key = key_of("/register", form.get("key", ""), username)
    name = clean_line(form.get("display_name", ""))
    invitation, errors = None, await _form_errors(username, password, name)
    try:
        invitation = await check_registration(code)
        if errors:
            return await _form_page(form, errors, invitation), 422
        account = await _create_account(username, password, key, code, name or None)
    except TooManyRequests as error:
        page = await _form_page(form, {"form": error.description or ""})
        return page, 429, {"Retry-After": str(error.retry_after)}
    except (RegistrationRefused, NameTaken) as error:
        made = await _created_before(username, password, key)
        if made is None and isinstance(error, RegistrationRefused):
            return await refusal_page(error.reason), 403
        if made is None and isinstance(error, NameTaken):
            return await _form_page(form, {error.field: taken_message(error)}, invitation), 422
        assert made is not None
        account = made
    sign_in(account, session_ms(account.created_at))
    return redirect(local_path(form.get("next")), 303)


async def _form_errors(username: str, password: str, name: str) -> dict[str, str]:
    board_name = board().settings.name
    await load_look_alikes()
    errors = await check_credentials(username, password, board_name)
    if is_reserved(username, board_name):
        errors["username"] = "That username is reserved. Choose another one."
    if error := display_name_error(name, board_name):
        errors["display_name"] = error
    return errors


async def _create_account(
    username: str, password: str, key: IdempotencyKey, code: str, display_name: str | None
) -> Account:
    """Create the account that this form asks for.

    Raises RegistrationRefused, NameTaken and TooManyRequests.
    """
    if await queries.select_user(services().db, username):
        raise NameTaken  # known before a password is hashed in vain
    secret_key = services().settings.require_secret_key()
    async with registering(code) as attempt:
        password_hash = await hash_password(password)
        async with services().db.acquire() as db, db.transaction():
            account = await register(db, secret_key, username, password_hash, code, display_name)
            await store_created(db, account.id, key)
        attempt.counts = True
    return account


async def _created_before(username: str, password: str, key: IdempotencyKey) -> Account | None:
    """Return the account if this form has created it, as by a second click on its button."""
    account = await queries.select_user(services().db, username) if key.given else None
    if account is None or account.suspended_at or not await find_created(account.id, key):
        return None
    return account if await check_password(account.password_hash, password) else None


async def _form_page(
    form: Mapping[str, str],
    errors: Mapping[str, str] | None = None,
    invitation: Invitation | None = None,
) -> str:
    return await render_template(
        "accounts/register.html",
        form={**form, "password": ""},
        errors=errors or {},
        invitation=invitation,
    )
