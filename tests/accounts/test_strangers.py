"""No route of a private board tells strangers anything; the routes are found from the app.

Each is asked with each method, for a project that exists and for one that does not, through the app
that the server runs, with its fast paths. OPEN is the list to review: what answers strangers.
"""

import re
from collections.abc import Iterator
from itertools import product

import pytest
from quart import Quart

from app.accounts.queries import insert_token
from app.accounts.revocation import end_sessions
from app.accounts.tokens import new_token, token_hash
from app.web.strangers import is_open
from tests.asgi_calls import FORM, HTMX, Response, ask, with_middleware
from tests.board.organise import organise
from tests.support import session_cookie

__all__ = ["organise"]

# endpoint: why a stranger of a private board needs it
OPEN = {
    "accounts.login_page": "signing in",
    "accounts.login": "signing in",
    "accounts.logout": "ends a session that may be over already",
    "registration.register_page": "registering, as far as `registration` allows it",
    "registration.register_with_form": "registering, as far as `registration` allows it",
    "registration.join_page": "joining by invitation",
    "registration.join": "joining by invitation",
    "registration.find_invitation": "joining by invitation",
    "password_links.password_page": "the way back in, for whoever has the link",
    "password_links.set_new_password": "the way back in, for whoever has the link",
    "password_links.change_password_address": "leads password managers to the form",
    "forgot.forgot_page": "the way back in by mail",
    "forgot.ask_for_mail": "the way back in by mail",
    "mail.confirm_page": "confirms a mail address, for whoever has the link",
    "mail.confirm": "confirms a mail address, for whoever has the link",
    "single_sign_on.start": "the way to the provider",
    "single_sign_on.callback": "the way back from the provider",
    "single_sign_on.ended": "says that a session is over",
    "first_sign_in.name_page": "registering, by somebody whom the provider has identified",
    "first_sign_in.choose_name": "registering, by somebody whom the provider has identified",
    "handover.enter": "signing in, for whoever has a token of the other site",
    "handover.enter_after_asking": "signing in, for whoever has a token of the other site",
    "delete_account.delete_suspended": "a suspended person's way out, for their name and password",
    "export.export_suspended": "a suspended person's data, for their name and password",
    "assets.static_file": "styles and scripts of the program, the same for every board",
    "assets.favicon": "the program's icon",
    "button_module.button_module": "the button for other sites, which is only code",
    "logo_page.logo": "the logo, which the page to sign in shows",
    "logo_page.accent": "tones of any colour; the page to sign in has that of the board",
    "health.healthz": "a health check without content",
    "health.readyz": "a health check without content",
    "ops.metrics": "refuses strangers itself, in the words of programs that read figures",
    "robots.robots": "tells search engines to stay away",
}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
CANARY = "canary-8f1d"
YEAR = "2031"
PROGRAMS = re.compile(r"/api/|/embed/|/live|/feed\.atom|/metrics")
READS = ("GET", "HEAD")
MISSING = {"project_id": 9_000_001, "token_id": 9_000_001, "invitation_id": 9_000_001}


@pytest.fixture
async def canaries(app, organise, board, db):
    """A private board with texts that no stranger may see; returns the values of its addresses."""
    author = await board.user()
    project = await board.project(author)
    texts = f"{CANARY} title", f"https://{CANARY}.example/", f"{CANARY} text"
    await db.execute("UPDATE projects SET title = $2, url = $3, description = $4 WHERE id = $1",
                     project, *texts)  # fmt: skip
    await organise(
        private="yes", tagline=f"{CANARY} tagline", welcome=f"{CANARY} welcome",
        vote_until=f"{YEAR}-07-19 12:00",
    )  # fmt: skip
    return {"project_id": project, "username": author.username, "token_id": 1, "invitation_id": 1}


def addresses(app: Quart, known: dict[str, object]) -> Iterator[tuple[str, str, str]]:
    """Yield each endpoint with its address for what exists and for what does not."""
    adapter = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        found = []
        for values in (known, MISSING):
            arguments = {name: values.get(name, "nothing") for name in rule.arguments}
            found.append(adapter.build(rule.endpoint, arguments, method=next(iter(rule.methods))))
        yield rule.endpoint, *found
    yield "", "/nothing/here", "/nothing/there"
    yield "", f"/projects/{known['project_id']}/x", f"/projects/{MISSING['project_id']}/x"
    for query in ("?sort=hot", "?sort=new", "?track=nothing", "?q=canary"):
        yield "projects.front", f"/{query}", f"/{query}"


def tells(answer: Response) -> list[str]:
    """Return what an answer tells that strangers may not know."""
    text = f"{answer.headers} {answer.cookies} {answer.body}"
    return [secret for secret in (CANARY, YEAR) if secret in text]


def is_refusal(path: str, answer: Response, method: str = "GET") -> bool:
    """Return whether an answer only asks its reader to sign in."""
    if answer.headers.keys() & {"etag", "last-modified", "allow"}:
        return False
    if answer.status == 401 or path.startswith("/api/") or (PROGRAMS.match(path) and method in READS):
        return answer.status == 401 and PROGRAMS.match(path) is not None
    return answer.status == 303 and answer.headers["location"].startswith("/login?next=%2F")


def without_id(answer: Response, path: str) -> tuple[int, str]:
    """Return what must be the same for an address that exists and for one that does not."""
    shown = f"{sorted(answer.headers.items())} {answer.body}"
    for spelling in (path, path.replace("/", "%2F")):
        shown = shown.replace(spelling, "PATH")
    return answer.status, re.sub(r"'content-length', '\d+'|'date', '[^']*'", "", shown)


async def test_only_what_signing_in_needs_answers_a_stranger(app, canaries):
    whole = with_middleware(app)
    told = []
    for (endpoint, there, missing), method in product(addresses(app, canaries), METHODS):
        answers = [await ask(whole, method, path) for path in (there, missing)]
        told += [(method, there, found) for each in answers if (found := tells(each))]
        if endpoint in OPEN:
            continue
        if not all(is_refusal(there, answer, method) for answer in answers):
            told.append((method, there, answers[0].status, answers[1].status))
        if without_id(answers[0], there) != without_id(answers[1], missing):
            told.append((method, there, "differs from", missing))
    assert told == []


async def test_each_open_route_is_in_the_list_and_none_else(app):
    marked = {name for name, view in app.view_functions.items() if is_open(view)}
    assert marked == OPEN.keys()


async def test_members_see_what_strangers_do_not(app, canaries, board):
    """Otherwise the test above could not fail."""
    cookie = {"cookie": f"upvote_session={session_cookie(app, await board.user())}"}
    project = canaries["project_id"]
    whole = with_middleware(app)
    for path in ("/", f"/projects/{project}", "/feed.atom", "/search?q=canary", "/results"):
        assert tells(await ask(whole, "GET", path, cookie)), path


async def test_scripts_of_pages_are_sent_to_sign_in(app, canaries):
    whole = with_middleware(app)
    project = canaries["project_id"]
    for method, path in (("POST", f"/projects/{project}/vote"), ("GET", "/screen/rows"), ("GET", "/")):
        answer = await ask(whole, method, path, HTMX | FORM, b"value=1" if method == "POST" else b"")
        assert (answer.status, answer.body) == (401, "")
        assert answer.headers["hx-redirect"].startswith("/login?next=%2F")


async def test_whoever_only_looks_like_a_member_is_a_stranger(app, canaries, board, db):
    whole, project = with_middleware(app), canaries["project_id"]
    left, suspended = await board.users(2)
    token = new_token()
    await insert_token(db, suspended.id, token_hash(token), "a program")
    await db.execute("UPDATE users SET suspended_at = now() WHERE id = $1", suspended.id)
    cookies = [session_cookie(app, account) for account in (left, suspended)]
    for account in (left, suspended):
        app.extensions["upvote_accounts"].revocations.learn(
            account.id, await end_sessions(db, account.id)
        )
    strangers = [
        {"cookie": "upvote_session=forged.by.nobody"},
        *[{"cookie": f"upvote_session={cookie}"} for cookie in cookies],
        {"authorization": f"Bearer {token}"},
        {"authorization": "Bearer uv_nothing"},
        {"if-none-match": "*"},
    ]
    paths = ["/", "/?sort=new", f"/projects/{project}", f"/api/projects/{project}", "/feed.atom"]
    paths += [f"/embed/{project}", f"/live?projects={project}", "/results", "/api/results"]
    for headers, path in product(strangers, paths):
        answer = await ask(whole, "GET", path, headers)
        assert is_refusal(path, answer), (path, headers, answer.status)
        assert tells(answer) == []


async def test_an_api_token_reads_what_programs_read_and_no_pages(app, canaries, board, db):
    whole, token = with_middleware(app), new_token()
    await insert_token(db, (await board.user()).id, token_hash(token), "a program")
    headers = {"authorization": f"Bearer {token}"}
    for path in ("/api/projects", "/api/results", "/feed.atom", "/metrics", "/api/openapi.json"):
        assert (await ask(whole, "GET", path, headers)).status == 200, path
    for path in ("/", f"/projects/{canaries['project_id']}", "/results.csv", "/me/settings"):
        assert is_refusal(path, await ask(whole, "GET", path, headers)), path
