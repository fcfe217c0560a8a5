"""Bearer tokens, which identify the callers of the JSON API."""

from quart import request
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Unauthorized

from app.accounts.state import accounts
from app.services import services

NEEDS_TOKEN = (
    "Send a valid API token in the header 'Authorization: Bearer TOKEN'. "
    "Create one on your settings page or with 'upvote token create NAME'."
)


async def token_user() -> int:
    """Return the id of the user whose token the request carries; raise Unauthorized without one."""
    user_id = await read_token()
    if user_id is None:
        raise Unauthorized(NEEDS_TOKEN, www_authenticate=WWWAuthenticate("bearer"))
    return user_id


async def token_user_or_none() -> int | None:
    """Return the same, or None without an Authorization header; an invalid token is still refused."""
    return await token_user() if "Authorization" in request.headers else None


async def read_token() -> int | None:
    """Return the id of the user whose token the request carries, or None without a valid one.

    Raises DATABASE_AWAY.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        return None
    return await accounts().tokens.user_id(services().db, token.strip())
