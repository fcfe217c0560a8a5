"""Limits on wrong passwords, on registrations and on submissions, by address and by account.

Only wrong passwords count, and an address may have many times as many as a name, so people of a crowd
behind one address do not stop each other. A browser that has signed in to an account before
(app/accounts/browser.py) has a limit of its own for it: nobody locks its owner out with wrong
passwords, not even from the same address.
"""

import hashlib
import ipaddress
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from quart import request
from werkzeug.exceptions import TooManyRequests

from app.accounts.browser import last_account
from app.accounts.hash_line import turn_to_hash
from app.accounts.limiter import Attempt, Limit, LimitReached
from app.accounts.passwords import verify_password
from app.accounts.queries import Account
from app.accounts.state import accounts
from app.accounts.user import User
from app.services import services
from app.voting import keys

# How many times AUTH_LIMIT_MAX an address may have: everybody at a venue shares one, and one of them,
# who types wrong passwords for names that need not exist, must not use up the attempts of all. Each
# name keeps AUTH_LIMIT_MAX, so this only bounds how many names one address can try.
SHARES_OF_AN_ADDRESS = 30

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
        known = {keys.limit("known", str(account.id)): _wrong_passwords()}
        return await _try_password(known, account, password)
    # The key holds a digest, since people may type anything there, even a password.
    name = hashlib.sha256(username.encode()).hexdigest()[:16]
    limits = {
        keys.limit("address", client_address()): _wrong_passwords(SHARES_OF_AN_ADDRESS),
        keys.limit("name", name): _wrong_passwords(),
    }
    return await _try_password(limits, account, password)


async def try_to_confirm(user: User, account: Account, password: str) -> bool:
    """Return whether a signed-in user has typed the account's password. Raises TooManyRequests.

    Counted for the session alone: wrong sign-ins by others, with this name or from this address, must
    not keep an owner who is signed in from changing the password.
    """
    session = keys.limit("confirm", f"{user.id}-{user.began}")
    return await _try_password({session: _wrong_passwords()}, account, password)


def _wrong_passwords(times: int = 1) -> Limit:
    settings = services().settings
    return Limit(times * settings.auth_limit_max, settings.auth_limit_window)


async def _try_password(limits: Mapping[str, Limit], account: Account | None, password: str) -> bool:
    """Return whether the password matches; a wrong one counts under each key of the limits."""
    limiter = accounts().limiter
    try:
        await limiter.look(limits)  # not after waiting in line
        async with turn_to_hash(), limiter.trying(limits) as attempt:
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
    limit = Limit(settings.register_limit_max, settings.register_limit_window)
    limits = {} if code else {keys.limit("register", client_address()): limit}
    try:
        async with accounts().limiter.trying(limits) as attempt:
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
    message = MESSAGES[kind].format(wait=wait_text(reached.wait))
    return TooManyRequests(message, retry_after=reached.wait)


def wait_text(seconds: int) -> str:
    """Return how long to wait, for people: "119 s", "2 minutes"."""
    return f"{seconds} s" if seconds < 120 else f"{-(-seconds // 60)} minutes"
