"""/admin/invitations: make invitations, see how far they are used, and revoke them; admins only."""

from quart import Blueprint, abort, flash, redirect, render_template, request
from quart.typing import ResponseReturnValue

from app.accounts.drafts.form_drafts import form_done, read_draft
from app.accounts.guard import require_admin
from app.accounts.idempotency.keys import (
    IdempotencyKey,
    KeyReused,
    creating_once,
    key_of,
    store_created,
)
from app.accounts.invitations import join_path, queries, why_unusable
from app.accounts.invitations.manage import (
    LONGEST_LABEL,
    BadInvitation,
    NewInvitation,
    make_invitation,
    parse_invitation,
    revoke_invitation,
)
from app.accounts.invitations.queries import Invitation, ListedInvitation
from app.accounts.queries import select_is_admin
from app.event.qr_code import qr_code
from app.services import board, services
from app.web.headers import never_store
from app.web.ids import MAX_ID
from app.web.public_address import public_address

blueprint = Blueprint("invitations_page", __name__, url_prefix="/admin")
blueprint.after_request(never_store)

PAGE = "/admin/invitations"
LENGTH = 50
SHOWN_MEMBERS = 200
SENT_BEFORE = (
    "You have already sent this form, and it has made an invitation: look for it in the list. "
    "To make another one, send it again."
)


@blueprint.get("/invitations")
async def invitations_page() -> str:
    admin = await require_admin(PAGE)
    draft = await read_draft(admin.id, PAGE)
    return await _page(draft, {}, restored=bool(draft))


@blueprint.post("/invitations")
async def create() -> ResponseReturnValue:
    admin = await require_admin(PAGE)
    form = (await request.form).to_dict()
    label, uses, until = (form.get(name, "") for name in ("label", "uses", "until"))
    makes_admins = form.get("admins") == "yes"
    key = key_of(PAGE, form.get("key", ""), label, uses, until, str(makes_admins))
    try:
        new = parse_invitation(label, uses, until, board().settings.zone, makes_admins=makes_admins)
        invitation = await _make_once(admin.id, new, key)
    except BadInvitation as error:
        return await _page(form, error.errors), 422
    except KeyReused:
        return await _page({**form, "key": ""}, {"form": SENT_BEFORE}), 409
    await form_done(admin.id, PAGE)
    await flash("Invitation made.")
    return redirect(f"{PAGE}/{invitation.id}", 303)


async def _make_once(admin_id: int, new: NewInvitation, key: IdempotencyKey) -> Invitation:
    """Make an invitation, or return the one that this very form has made."""
    async with creating_once(admin_id, key) as (db, created):
        if created is not None and created.secret is not None:
            made = await queries.select_invitation(db, created.secret.decode())
            if made is not None:
                return made
        if not await select_is_admin(db, admin_id):  # any more, now that the account's row is locked
            abort(403, "Only admins can make invitations.")
        invitation = await make_invitation(db, admin_id, new, board().settings.zone)
        await store_created(db, admin_id, key, secret=invitation.code.encode())
    return invitation


@blueprint.get("/invitations/<id:invitation_id>")
async def invitation_page(invitation_id: int) -> str:
    """Show the link and the QR code of an invitation, to pass on or to print, and who has joined."""
    await require_admin(PAGE)
    invitation = await _find(invitation_id)
    link = public_address() + join_path(invitation.code)
    return await render_template(
        "event/invitation.html",
        invitation=invitation,
        state=why_unusable(invitation),
        link=link,
        qr_code=qr_code(link),
        members=await queries.select_members(services().db, invitation_id, SHOWN_MEMBERS),
    )


@blueprint.post("/invitations/<id:invitation_id>")
async def revoke(invitation_id: int) -> ResponseReturnValue:
    admin = await require_admin(f"{PAGE}/{invitation_id}")
    invitation = await _find(invitation_id)
    if (await request.form).get("action") != "revoke":
        abort(422, "There is no such action. Use: revoke.")
    done = await revoke_invitation(services().db, admin.id, invitation.code, board().settings.zone)
    words = "Invitation revoked: nobody can join with it any more."
    await flash(words if done else "Nothing changed: this invitation was revoked before.")
    return redirect(f"{PAGE}/{invitation_id}", 303)


async def _find(invitation_id: int) -> ListedInvitation:
    found = await queries.select_listed_invitation(services().db, invitation_id)
    if found is None:
        abort(404, "There is no such invitation.")
    return found


async def _page(form: dict[str, str], errors: dict[str, str], *, restored: bool = False) -> str:
    before = request.args.get("before", type=int)
    before = before if before is not None and 0 < before <= MAX_ID else None
    found = await queries.select_invitations(services().db, before, LENGTH + 1)
    return await render_template(
        "event/invitations.html",
        invitations=[(each, why_unusable(each)) for each in found[:LENGTH]],
        next_url=f"{PAGE}?before={found[LENGTH - 1].id}" if len(found) > LENGTH else None,
        form=form,
        errors=errors,
        is_first=before is None,
        restored=restored,
        longest=LONGEST_LABEL,
    )
