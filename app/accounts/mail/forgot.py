"""/password: asks for a link to set a new password by mail, or says who makes one."""

from quart import Blueprint, abort, redirect, render_template, request
from quart.typing import ResponseReturnValue

from app.accounts.mail.address import LONGEST
from app.accounts.mail.limits import count_request
from app.accounts.mail.queries import insert_mail
from app.services import services
from app.texts import clean_line
from app.web.strangers import open_to_strangers

blueprint = Blueprint("forgot", __name__)


@blueprint.get("/password")
@open_to_strangers
async def forgot_page() -> ResponseReturnValue:
    if not services().settings.password_sign_in:
        return redirect("/login", 303)
    return await render_template(
        "password/forgot.html", form={}, errors={}, sent="sent" in request.args
    )


@blueprint.post("/password")
@open_to_strangers
async def ask_for_mail() -> ResponseReturnValue:
    """Store what was typed, for the worker, which looks for the account and writes to it.

    So the answer and its time are the same whether there is such an account or not.
    """
    if services().settings.smtp_url is None or not services().settings.password_sign_in:
        abort(404, "This board sends no mail. Ask an organiser of the board for a link.")
    typed = clean_line((await request.form).get("username", ""))
    if not 0 < len(typed) <= LONGEST:
        errors = {"username": "Enter your username or the mail address that you have confirmed."}
        return await render_template("password/forgot.html", form={}, errors=errors), 422
    await count_request()
    await insert_mail(services().db, "reset", None, typed)
    return redirect("/password?sent=1", 303)
