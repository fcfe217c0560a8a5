"""Register, sign in, sign out."""

import re

from quart import Blueprint, redirect, render_template, request
from quart.typing import ResponseReturnValue

from app.accounts import queries
from app.accounts.forms import check_credentials, is_username
from app.accounts.passwords import check_password, hash_password, needs_rehash
from app.accounts.sessions import sign_in, sign_out
from app.limits.attempts import attempt_to_register, attempt_to_sign_in
from app.services import services
from app.web.redirects import own_path

blueprint = Blueprint("accounts", __name__)


@blueprint.get("/register")
async def register_page() -> str:
    return await _form_page("accounts/register.html", {"next": request.args.get("next", "")})


@blueprint.post("/register")
async def register() -> ResponseReturnValue:
    form = (await request.form).to_dict()
    username, password = form.get("username", "").strip(), form.get("password", "")
    errors = check_credentials(username, password)
    if errors:
        return await _form_page("accounts/register.html", form, errors), 422
    if wait := await attempt_to_register():
        return await _too_many_tries("accounts/register.html", form, wait)
    account = await queries.insert_user(services().db, username, await hash_password(password))
    if account is None:
        errors = {"username": "That username is taken. Choose another one."}
        return await _form_page("accounts/register.html", form, errors), 422
    sign_in(account)
    return redirect(own_path(form.get("next")), 303)


@blueprint.get("/login")
async def login_page() -> str:
    back_to = request.args.get("next", "")
    return await render_template(
        "accounts/login.html",
        form={"next": back_to},
        errors={},
        expired="expired" in request.args,
        to_vote=bool(re.fullmatch(r"/projects/\d+", back_to)),
    )


@blueprint.post("/login")
async def login() -> ResponseReturnValue:
    form = (await request.form).to_dict()
    username, password = form.get("username", "").strip().lower(), form.get("password", "")
    if wait := await attempt_to_sign_in(username):
        return await _too_many_tries("accounts/login.html", form, wait)
    account = await queries.select_user(services().db, username) if is_username(username) else None
    fits = await check_password(account.password_hash if account else None, password)
    if account is None or not fits:
        errors = {"username": "Username and password do not match."}
        return await _form_page("accounts/login.html", form, errors), 422
    if account.suspended_at is not None:
        errors = {"form": "This account is suspended. Ask those who run this board."}
        return await _form_page("accounts/login.html", form, errors), 403
    if needs_rehash(account.password_hash):
        await queries.update_password_hash(services().db, account.id, await hash_password(password))
    sign_in(account)
    return redirect(own_path(form.get("next")), 303)


@blueprint.post("/logout")
async def logout() -> ResponseReturnValue:
    sign_out()
    return redirect("/", 303)


async def _too_many_tries(template: str, form: dict[str, str], wait: int) -> ResponseReturnValue:
    errors = {"form": f"Too many tries. Try again in {wait} s."}
    return await _form_page(template, form, errors), 429, {"Retry-After": str(wait)}


async def _form_page(template: str, form: dict[str, str], errors: dict[str, str] | None = None) -> str:
    return await render_template(template, form={**form, "password": ""}, errors=errors or {})
