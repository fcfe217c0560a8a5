"""/sign-in/…: the way to the provider, and the way back.

It begins with a link and not with a form, since the Content-Security-Policy lets no form lead to
another site. Other sites can link here too; whoever comes from one sees the page to sign in first.
"""

from urllib.parse import urlencode

from quart import Blueprint, redirect, render_template, request
from quart.typing import ResponseReturnValue

from app.accounts.confirmation import is_confirmed
from app.accounts.guard import known_user, require_user
from app.accounts.single_sign_on.confirming import finish_confirming
from app.accounts.single_sign_on.connecting import PAGE, finish_connecting
from app.accounts.single_sign_on.entering import enter
from app.accounts.single_sign_on.errors import ProviderAway, SignInRefused
from app.accounts.single_sign_on.failed import away_page, expired_page, refused_page
from app.accounts.single_sign_on.flow import Flow, begin, take
from app.accounts.single_sign_on.identity import Identity
from app.accounts.single_sign_on.newcomer import Newcomer
from app.accounts.single_sign_on.state import provider
from app.web.deadline import elsewhere
from app.web.redirects import local_path
from app.web.strangers import open_to_strangers

blueprint = Blueprint("single_sign_on", __name__)


@blueprint.get("/sign-in/start")
@open_to_strangers
async def start() -> ResponseReturnValue:
    """Send a visitor to the provider, and then back to `next`."""
    back_to = local_path(request.args.get("next"))
    if _comes_from_another_site():
        return redirect("/login?" + urlencode({"next": back_to}), 303)
    flow = Flow("sign in", back_to, invitation=request.args.get("invitation", ""))
    return await _send(flow, anew=False)


@blueprint.get("/sign-in/connect")
async def connect() -> ResponseReturnValue:
    """Send somebody who is signed in and confirmed to the provider, to connect it."""
    user = require_user(PAGE)
    if _comes_from_another_site() or not is_confirmed(user.id, user.began):
        return redirect(PAGE, 303)
    return await _send(Flow("connect", PAGE, user_id=user.id, session=user.began), anew=False)


@blueprint.get("/sign-in/confirm")
async def confirm() -> ResponseReturnValue:
    """Send somebody who is signed in to the provider, to sign in there once more."""
    back_to = local_path(request.args.get("next"), "/me/settings")
    user = require_user(back_to)
    if _comes_from_another_site():
        return redirect(back_to, 303)
    return await _send(Flow("confirm", back_to, user_id=user.id, session=user.began), anew=True)


def _comes_from_another_site() -> bool:
    return request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site")


async def _send(flow: Flow, *, anew: bool) -> ResponseReturnValue:
    chosen = provider()
    begun = begin(flow)
    try:
        with elsewhere():
            address = await chosen.sign_in_address(begun.state, begun.nonce, begun.challenge, anew=anew)
    except ProviderAway as error:
        return await away_page(flow, error)
    return redirect(address, 303)


@blueprint.get("/sign-in/callback")
@open_to_strangers
async def callback() -> ResponseReturnValue:
    """Receive somebody who comes back from the provider."""
    chosen = provider()
    flow = take(request.args.get("state", ""))
    if flow is None:  # it is too old, another browser began it, or it has come back before
        return redirect("/", 303) if known_user() else await expired_page(Flow("sign in"))
    try:
        _check_answer(chosen.issuer)
        with elsewhere():
            code = request.args.get("code", "")
            identity = await chosen.identify(code, flow.verifier, flow.nonce, flow.began)
        if flow.purpose == "connect":
            return await finish_connecting(flow, identity)
        if flow.purpose == "confirm":
            return await finish_confirming(flow, identity)
        return await enter(_newcomer(flow, identity))
    except ProviderAway as error:
        return await away_page(flow, error)
    except SignInRefused as error:
        return await refused_page(flow, error)


@blueprint.get("/sign-in/ended")
@open_to_strangers
async def ended() -> str:
    """Say that the session of the board is over, and lead to where that of the provider ends too."""
    chosen = provider()
    try:
        with elsewhere():
            address = await chosen.sign_out_address()
    except ProviderAway:
        address = None
    return await render_template("sign_in/ended.html", sign_out_address=address)


def _newcomer(flow: Flow, identity: Identity) -> Newcomer:
    return Newcomer(identity.subject, identity.names, flow.back_to, flow.invitation, identity.full_name)


def _check_answer(issuer: str) -> None:
    """Raise SignInRefused if the provider says that nobody signed in, or another provider answers."""
    if error := request.args.get("error"):
        raise SignInRefused(f"the provider answers {error[:100]!r}")
    if request.args.get("iss", issuer) != issuer:  # RFC 9207
        raise SignInRefused("another provider answers")
    if not request.args.get("code"):
        raise SignInRefused("the provider sends no code")
