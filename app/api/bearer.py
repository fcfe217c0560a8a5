"""Bearer tokens: who is calling the JSON API."""

from quart import request
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Unauthorized

from app.accounts.state import accounts
from app.services import services


async def token_user() -> int:
    """The id of the user whose token the request carries; raises Unauthorized without one."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    user_id = None
    if scheme.lower() == "bearer" and token.strip():
        user_id = await accounts().tokens.user_id(services().db, token.strip())
    if user_id is None:
        raise Unauthorized(
            "Send a token: 'Authorization: Bearer TOKEN' (made by 'upvote token create NAME').",
            www_authenticate=WWWAuthenticate("bearer"),
        )
    return user_id


async def token_user_or_none() -> int | None:
    """As token_user(), but None for a request that brings no token; a wrong one is still refused."""
    return await token_user() if "Authorization" in request.headers else None
