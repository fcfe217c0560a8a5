"""Limits on wrong passwords, on registrations and on submissions, by address and by account.

Only wrong passwords count, so people of a crowd behind one address do not stop each other. A browser
that has signed in to an account before (app/accounts/browser.py) has a limit of its own for it: nobody
locks its owner out with wrong passwords, not even from the same address.
"""

import hashlib
import ipaddress
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from quart import request
from werkzeug.exceptions import TooManyRequests

from app.accounts.browser import last_account
from app.accounts.limiter import Attempt, Limit, LimitReached
from app.accounts.passwords import hashing, verify_password
from app.accounts.queries import Account
from app.accounts.state import accounts
from app.accounts.user import User
from app.services import services
from app.voting import keys

# By the kind of the limit. Whoever reads this may not be the one who made the attempts.
MESSAGES = {
    "address": "Many wrong passwords have come from your network. Try again in {wait}.",
    "name": "Many wrong passwords have been tried for this username. Try again in {wait}, or at once "
    "in a browser in which you have signed in before.",
    "known": "Many wrong passwords have been tried in your browser. Try again in {wait}.",
    "confirm": "Many wrong passwords have been tried. Try again in {wait}.",
    "register": "Many people are registering from your network. Try again in {wait}, or ask the "
    "organisers for an invitation, which works at once.",
}


async def try_to_sign_in(username: str, account: Account | None, password: str) -> bool:
    """Return whether the password is that of the account with this name. Raises TooManyRequests."""
    if account is not None and account.id == last_account():
        return await _try_password([keys.limit("known", str(account.id))], account, password)
    # The key holds a digest, since people may type anything there, even a password.
    name = hashlib.sha256(username.encode()).hexdigest()[:16]
    found = [keys.limit("address", client_address()), keys.limit("name", name)]
    return await _try_password(found, account, password)


async def try_to_confirm(user: User, account: Account, password: str) -> bool:
    """Return whether a signed-in user has typed the account's password. Raises TooManyRequests.

    Counted for the session alone: wrong sign-ins by others, with this name or from this address, must
    not keep an owner who is signed in from changing the password.
    """
    return await _try_password([keys.limit("confirm", f"{user.id}-{user.began}")], account, password)


async def _try_password(limit_keys: Sequence[str], account: Account | None, password: str) -> bool:
    """Return whether the password matches; a wrong one counts under each of the keys."""
    settings = services().settings
    limit = Limit(settings.auth_limit_max, settings.auth_limit_window)
    limiter = accounts().limiter
    try:
        await limiter.look(limit_keys, limit)  # not after waiting in line
        async with hashing, limiter.trying(limit_keys, limit) as attempt:
            matches = await verify_password(account.password_hash if account else None, password)
            attempt.counts = not matches
    except LimitReached as reached:
        raise too_many(reached) from None
    return matches


@asynccontextmanager
async def registering(code: str) -> AsyncIterator[Attempt]:
    """Let this address make an account, which counts if the attempt `counts`. Raises TooManyRequests.

    With the code of an invitation there is no limit but its own.
    """
    settings = services().settings
    found = [] if code else [keys.limit("register", client_address())]
    limit = Limit(settings.register_limit_max, settings.register_limit_window)
    try:
        async with accounts().limiter.trying(found, limit) as attempt:
            yield attempt
    except LimitReached as reached:
        raise too_many(reached) from None


async def attempt_to_submit(user_id: int) -> int:
    """Count an attempt; return 0, or the seconds until this account may submit another project."""
    settings = services().settings
    limit = Limit(settings.submit_limit_max, settings.submit_limit_window)
    return await accounts().limiter.attempt(keys.limit("submit", str(user_id)), limit)


def client_address() -> str:
    """Return the address to count; for IPv6 its /64 network, since a client can use all of it."""
    try:
        address = ipaddress.ip_address(request.remote_addr or "")
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        mapped = address.ipv4_mapped
        return str(mapped or ipaddress.ip_network((address, 64), strict=False).network_address)
    return str(address)


def too_many(reached: LimitReached) -> TooManyRequests:
    """Return the error that says what was limited, and when the next attempt is possible."""
    kind = reached.key.partition("{")[2].partition(":")[0]
    wait = f"{reached.wait} s" if reached.wait < 120 else f"{-(-reached.wait // 60)} minutes"
    return TooManyRequests(MESSAGES[kind].format(wait=wait), retry_after=reached.wait)
