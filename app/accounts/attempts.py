"""Limits on attempts to sign in, to register and to submit, by address and by account."""

import hashlib
import ipaddress

from quart import request
from werkzeug.exceptions import TooManyRequests

from app.accounts.limiter import Limit
from app.accounts.state import accounts
from app.accounts.user import User
from app.services import services
from app.voting import keys


async def attempt_to_register() -> int:
    """Count an attempt; return 0, or the seconds until this address may register or sign in again."""
    return await accounts().limiter.attempt(keys.limit("address", client_address()), _auth_limit())


async def attempt_to_sign_in(username: str) -> int:
    """Count an attempt; return 0, or the seconds until a limit, of address or username, allows one."""
    wait = await attempt_to_register()
    if wait:
        return wait
    # The key holds a digest, since people may type anything there, even a password.
    name = hashlib.sha256(username.encode()).hexdigest()[:16]
    return await accounts().limiter.attempt(keys.limit("name", name), _auth_limit())


async def attempt_to_confirm(user: User) -> int:
    """Count an attempt to confirm the password within a session; return 0, or the seconds to wait.

    Counted for the session alone: wrong sign-ins by others, with this name or from this address, must
    not keep an owner who is signed in from changing the password.
    """
    return await accounts().limiter.attempt(
        keys.limit("confirm", f"{user.id}-{user.began}"), _auth_limit()
    )


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


def too_many_attempts(wait: int) -> TooManyRequests:
    """Return the error that says when (s) the next attempt is possible."""
    return TooManyRequests(f"Too many attempts. Try again in {wait} s.", retry_after=wait)


def _auth_limit() -> Limit:
    settings = services().settings
    return Limit(settings.auth_limit_max, settings.auth_limit_window)
