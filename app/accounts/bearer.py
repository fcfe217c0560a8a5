"""Bearer tokens, which identify the callers of the JSON API: API tokens, and those of another site."""

from quart import request
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Forbidden, Unauthorized

from app.accounts.handover.errors import TokenRefused
from app.accounts.handover.state import handover
from app.accounts.state import accounts
from app.accounts.user import User
from app.services import services

NEEDS_TOKEN = (
    "Send a valid API token in the header 'Authorization: Bearer TOKEN'. "
    "Create one on your settings page or with 'upvote token create NAME'."
)

NEEDS_SCOPE = (
    "This token lacks the scope {0!r}. An admin creates one that has it with "
    "'upvote token create NAME --scope {0}', or in the settings on the board."
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

    Raises Unauthorized with the reason for a token of the other site, and DATABASE_AWAY.
    """
    token = given_token()
    if token is None:
        return None
    user = await site_user(token)
    return await accounts().tokens.user_id(services().db, token) if user is None else user.id


async def require_scope(scope: str) -> int:
    """Return the id of the user of the request's token; raise Forbidden if it has not this scope."""
    user_id = await token_user()
    use = await accounts().tokens.use(services().db, given_token() or "")
    if use is None or scope not in use.scopes:
        raise Forbidden(NEEDS_SCOPE.format(scope))
    return user_id


def given_token() -> str | None:
    """Return the Bearer token of the request, or None."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


async def site_user(token: str) -> User | None:
    """Return the user of a token of the other site, and until when it is valid; None for an API token.

    Raises Unauthorized with the reason, and DATABASE_AWAY.
    """
    found = handover()
    if found is None or "." not in token:  # API tokens have no dots
        return None
    try:
        return await found.user(token)
    except TokenRefused as refused:
        raise Unauthorized(refused.reason, www_authenticate=refused.challenge) from None
