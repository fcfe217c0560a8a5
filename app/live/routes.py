"""GET /live: server-sent events for the projects on a page."""

import time
from collections.abc import AsyncIterator

from quart import Blueprint, Response, abort, current_app, request
from werkzeug.exceptions import TooManyRequests

from app.accounts.attempts import client_address
from app.accounts.bearer import given_token, site_user, token_user
from app.accounts.guard import known_user
from app.accounts.sessions import COOKIE, expiry
from app.accounts.user import User
from app.live.current import hub
from app.live.hub import Hub, TooManyStreams
from app.live.visible import VisibleProjects
from app.web.ids import ID_DIGITS, MAX_ID
from app.web.strangers import for_programs

blueprint = Blueprint("live", __name__)

MAX_PROJECTS = 100
RETRY_SECONDS = 10
# A stream that a token has opened ends after this time, so that its reader shows a valid token again.
TOKEN_SECONDS = 300.0
EVENTS = "text/event-stream; charset=utf-8"
OTHER_ACCOUNT = "event: other-account\ndata: reload\n\n"


@blueprint.get("/live")
@for_programs(token=True)
async def live() -> Response:
    """Stream changes as JSON arrays of objects with project_id, tally, score and the reader's vote.

    Numbers of unknown, hidden and deleted projects are ignored. The reader is who is signed in, or
    whose token the request carries. `account` names the account of the page; when another one is signed
    in, the stream says so and ends. With `full` the first message has the states of all projects, for a
    page that shows some without their tallies.
    """
    project_ids = _project_ids(request.args.get("projects", ""))
    user = await _token_user() if "Authorization" in request.headers else _user()
    if _is_page_of_another(user):
        return Response(OTHER_ACCOUNT, content_type=EVENTS, headers={"Cache-Control": "no-store"})
    visible: VisibleProjects = current_app.extensions["upvote_visible"]
    is_full = "full" in request.args
    messages = _messages(hub(), _client(user), await visible.among(project_ids), user, is_full)
    try:
        first = await anext(messages)
    except TooManyStreams:
        raise TooManyRequests(
            "You have too many pages open at once. Close some of them.", retry_after=RETRY_SECONDS
        ) from None
    response = Response(_chain(first, messages), content_type=EVENTS)
    response.timeout = None
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Accel-Buffering"] = "no"  # nginx would hold the events back
    return response


def _project_ids(text: str) -> set[int]:
    parts = [part for part in text.split(",") if part]
    numbers = {int(part) for part in parts if ID_DIGITS.fullmatch(part)}
    if not 0 < len(parts) <= MAX_PROJECTS or len(numbers) < len(set(parts)) or not _are_ids(numbers):
        abort(422, f"projects must be 1 to {MAX_PROJECTS} project numbers, like projects=1,2,3.")
    return numbers


def _are_ids(numbers: set[int]) -> bool:
    return all(0 < number <= MAX_ID for number in numbers)


def _user() -> User | None:
    """Return the signed-in user, with the time at which the cookie expires."""
    user = known_user()
    return user and user._replace(until=expiry(request.cookies[COOKIE].encode()))


async def _token_user() -> User:
    """Return whose token the request carries, until its end; raise Unauthorized if it is not valid."""
    now = time.time()
    end = now + TOKEN_SECONDS
    user = await site_user(given_token() or "")
    if user is None:
        return User(await token_user(), "", int(now * 1000), end, by_token=True)
    return user._replace(until=min(user.until, end), by_token=True)


def _is_page_of_another(user: User | None) -> bool:
    """Return whether the page would show the votes of this account as those of another one."""
    if user is None or user.by_token:
        return False
    return request.args.get("account", user.username) != user.username


def _client(user: User | None) -> str:
    """Return the account, or a visitor's address, to which the limit applies."""
    return f"user {user.id}" if user is not None else f"address {client_address()}"


async def _messages(
    hub: Hub, client: str, project_ids: set[int], user: User | None, is_full: bool
) -> AsyncIterator[bytes]:
    with hub.stream(client, project_ids, user, is_full=is_full) as stream:
        async for message in stream.messages():
            yield message


async def _chain(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for message in rest:
        yield message
