"""/admin/suspensions: what suspending the chosen accounts will do, and doing it; admins only.

/admin/withdrawals shows how far the worker has got with their votes.
"""

from collections.abc import Sequence
from urllib.parse import urlencode

from quart import Blueprint, abort, flash, redirect, render_template, request
from quart.typing import ResponseReturnValue

from app.accounts.drafts.form_drafts import form_done, read_draft
from app.accounts.guard import require_admin
from app.accounts.state import accounts
from app.moderation.forms import read_reason
from app.moderation.many.queries import Chosen, select_batches, select_changes, select_chosen
from app.moderation.many.suspend_many import Done, suspend_many
from app.moderation.odd.queries import select_finding_accounts
from app.services import services
from app.web.body_limits import MAX_FORM_FIELDS
from app.web.ids import ID_DIGITS, MAX_ID

blueprint = Blueprint("suspensions_page", __name__, url_prefix="/admin")

NEW = "/admin/suspensions/new"
# One step takes a second or two for so many; the next accounts of a finding follow in another one.
MAX_ACCOUNTS = 1_000
MAX_CHANGES = 50
BATCHES = 20
# The address of a larger choice would be too long to come back to after signing in.
MAX_IN_ADDRESS = 300
MAX_LEFT_OUT = MAX_FORM_FIELDS - 10  # the form has some more fields
NOBODY = "Select at least one account first."


@blueprint.get("/suspensions/new")
async def preview() -> str:
    """Show what will happen, before anything does."""
    admin = await require_admin()
    chosen = await select_chosen(services().db, await _asked_for())
    able = [each for each in chosen if each.id != admin.id and not each.is_admin]
    if not able:
        abort(422, _why_nobody(chosen, admin.id))
    ids = [each.id for each in able]
    changes = await select_changes(services().db, ids)
    return await render_template(
        "moderation/suspend.html",
        able=able,
        left_out=[each for each in chosen if each not in able],
        ids=",".join(map(str, ids)),
        to_suspend=sum(_is_active(each) for each in able),
        votes=sum(each.votes for each in able),
        changes=changes[:MAX_CHANGES],
        more_changes=changes[MAX_CHANGES:],
        most_left_out=MAX_LEFT_OUT,
        draft=await read_draft(admin.id, NEW),
    )


@blueprint.post("/suspensions")
async def suspend() -> ResponseReturnValue:
    form = await request.form
    ids = _numbers(form.get("accounts", "").split(","))
    kept = set(_numbers(form.getlist("keep")))
    left = [user_id for user_id in ids if user_id not in kept]
    asked_for = {"accounts": ",".join(map(str, left))} if len(left) <= MAX_IN_ADDRESS else {}
    admin = await require_admin(f"{NEW}?{urlencode(asked_for)}")
    chosen = [user_id for user_id in left if user_id != admin.id]
    if not chosen:
        abort(422, NOBODY)
    reason = await read_reason()
    hide_projects = form.get("projects") == "hide"
    done = await suspend_many(
        services(), accounts(), admin.id, chosen, reason, hide_projects=hide_projects
    )
    await form_done(admin.id, NEW)
    await flash(_words(done))
    return redirect("/admin/withdrawals", 303)


@blueprint.get("/withdrawals")
async def withdrawals() -> str:
    """Show the latest withdrawals that moderators requested, with their progress."""
    await require_admin()
    return await render_template(
        "moderation/withdrawals.html", batches=await select_batches(services().db, BATCHES)
    )


def _why_nobody(chosen: Sequence[Chosen], own_id: int) -> str:
    if not chosen:
        return "There is no such account. Select accounts in the list of people."
    if all(each.id == own_id for each in chosen):
        return "You cannot suspend your own account. Ask another admin."
    return "Admins cannot be suspended together with others. Open the account's own page."


async def _asked_for() -> list[int]:
    """Return the accounts that the address names, one by one or by a finding."""
    if key := request.args.get("finding"):
        return await _accounts_of_finding(key)
    named = [*request.args.getlist("account"), *request.args.get("accounts", "").split(",")]
    ids = _numbers(named)
    if not ids:
        abort(422, NOBODY)
    return ids


async def _accounts_of_finding(key: str) -> list[int]:
    project_id, _, rest = key.partition("-")
    value, _, first_id = rest.partition("-")
    numbers = _numbers([project_id, first_id])
    found = None
    if len(numbers) == 2 and value in ("up", "down"):
        found = await select_finding_accounts(
            services().db, numbers[0], 1 if value == "up" else -1, numbers[1]
        )
    if found is None:
        abort(404, "This finding is not listed any more. Open /admin/odd for those that are.")
    return found[:MAX_ACCOUNTS]


def _numbers(texts: Sequence[str]) -> list[int]:
    """Return the ids among the texts, at most MAX_ACCOUNTS."""
    ids = (int(text) for text in texts if ID_DIGITS.fullmatch(text))
    return [user_id for user_id in ids if user_id <= MAX_ID][:MAX_ACCOUNTS]


def _is_active(account: Chosen) -> bool:
    return not account.suspended and not account.deleted


def _words(done: Done) -> str:
    if not (done.suspended or done.withdrawn or done.hidden):
        return "Nothing changed: this had already been done."
    parts = [
        f"{_count(done.suspended, 'account')} suspended.",
        f"{_count(done.votes, 'vote')} of {_count(done.withdrawn, 'account')} being taken out.",
    ]
    if done.hidden:
        parts.append(f"{_count(done.hidden, 'project')} hidden.")
    return " ".join(parts)


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"
