"""Which account signed in last in this browser, and whether it was the only one: a signed cookie.

It outlives the session, because a page of one account may still be open when another one signs in, and
because wrong passwords that others try must not keep an account's owner out (app/accounts/attempts.py).
"""

import hashlib

from itsdangerous import BadSignature, Signer
from quart import Quart, Response, current_app, g, request

COOKIE = "upvote_accounts"
SEVERAL = "-several"
YEAR = 365 * 24 * 60 * 60


def install_browser(app: Quart) -> None:
    app.after_request(_write_cookie)


def note_account(user_id: int, *others: int | None) -> None:
    """Store with the response that this account was signed in here; `others` were before it."""
    last = last_account()
    several = has_several_accounts() or any(other not in (None, user_id) for other in (last, *others))
    g.browser_accounts = f"{user_id}{SEVERAL if several else ''}"


def last_account() -> int | None:
    """Return the id of the account that signed in last in this browser, if it is known."""
    number = _read_cookie().removesuffix(SEVERAL)
    return int(number) if number.isdecimal() else None


def has_several_accounts() -> bool:
    """Return whether more than one account has signed in in this browser."""
    return _read_cookie().endswith(SEVERAL)


def _read_cookie() -> str:
    try:
        return _signer().unsign(request.cookies.get(COOKIE, "")).decode()
    except BadSignature:
        return ""


async def _write_cookie(response: Response) -> Response:
    if "browser_accounts" in g:
        value = _signer().sign(g.browser_accounts).decode()
        response.set_cookie(COOKIE, value, max_age=YEAR, httponly=True, samesite="Lax")
    return response


def _signer() -> Signer:
    key = current_app.secret_key or ""
    return Signer(key, salt="upvote accounts", digest_method=hashlib.sha512)
