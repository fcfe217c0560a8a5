"""A hidden or deleted project is unknown everywhere: an answer tells no more than about none."""

import re
import secrets

import pytest

from app.accounts.commands import create_token
from app.main import create_app
from app.projects.orders import ORDERS
from app.voting.votes import Vote
from tests.asgi_calls import FORM, HTMX, ask
from tests.fast_client import FastVotesApp
from tests.support import make_cold, session_cookie

UNKNOWN = 2**53
SETTINGS = {"embed_ancestors": "*", "rate_limit_max": 0, "account_limit_max": 0}
# Of one project: method, path, headers and body. Some depend on the reader: a cookie or a token.
ONE = {
    "page": ("GET", "/projects/{}", {}, ""),
    "page for a member": ("GET", "/projects/{}", {"cookie"}, ""),
    "API": ("GET", "/api/projects/{}", {}, ""),
    "API with a token": ("GET", "/api/projects/{}", {"token"}, ""),
    "card": ("GET", "/embed/{}", {}, ""),
    "stream": ("GET", "/live?projects={}", {}, ""),
    "vote": ("POST", "/projects/{}/vote", {"cookie", "htmx"}, "value=1"),
    "vote without JavaScript": ("POST", "/projects/{}/vote", {"cookie"}, "value=0"),
    "vote by the API": ("POST", "/api/votes", {"token"}, '{{"project_id": {}, "vote_type": "up"}}'),
    "edit form": ("GET", "/projects/{}/edit", {"cookie"}, ""),
    "edit": ("POST", "/projects/{}/edit", {"cookie"}, "title=New"),
    "delete form": ("GET", "/projects/{}/delete", {"cookie"}, ""),
    "delete": ("POST", "/projects/{}/delete", {"cookie"}, "confirm=yes"),
}
LISTS = {
    **{f"list {order}": (f"/?sort={order}", set()) for order in ORDERS},
    "list for a member": ("/?sort=new", {"cookie"}),
    "list by the API": ("/api/projects?sort=new", set()),
    "feed": ("/feed.atom", set()),
    "profile": ("/users/{author}", set()),
    "search": ("/search?q={title}", set()),
    "my votes": ("/me/votes", {"cookie"}),
    "my votes by the API": ("/api/me/votes", {"token"}),
}


@pytest.fixture(scope="module")
async def web(settings):
    """Return the app with an embedded card, behind its fast paths."""
    async with create_app(settings.model_copy(update=SETTINGS)).test_app() as serving:
        yield FastVotesApp(serving.app), serving.app


@pytest.fixture(scope="module")
async def reader(web, board, settings):
    """Return the headers by which one reader is known."""
    user = await board.user()
    token = await create_token(settings, user.username)
    cookie = f"upvote_session={session_cookie(web[1], user)}"
    return user, {
        "cookie": {"cookie": cookie},
        "token": {"authorization": f"Bearer {token}"},
        "htmx": HTMX,
    }


class Project:
    """A project that the reader has voted for, and a way to hide or delete it."""

    def __init__(self, app, project_id, title, author, admin) -> None:
        self.app, self.id, self.title, self.author, self.admin = app, project_id, title, author, admin

    async def remove(self, how: str) -> None:
        """Hide or delete it through the board, as its admin or author."""
        path, form, user = {
            "hidden": (f"/admin/projects/{self.id}", b"action=hide&reason=spam", self.admin),
            "deleted": (f"/projects/{self.id}/delete", b"confirm=yes", self.author),
        }[how]
        cookie = f"upvote_session={session_cookie(self.app[1], user)}"
        answer = await ask(self.app[0], "POST", path, {**FORM, "cookie": cookie}, form)
        assert answer.status == 303


@pytest.fixture
async def project(web, board, db, reader) -> Project:
    author, admin = await board.users(2)
    await db.execute("UPDATE users SET is_admin = true WHERE id = $1", admin.id)
    while (project_id := await board.project(author)) < 100:  # so that the number is in no other text
        pass
    title = f"title{secrets.token_hex(6)}"
    await db.execute("UPDATE projects SET title = $2 WHERE id = $1", project_id, title)
    services = web[1].extensions["upvote"]
    await services.batcher.cast(Vote(project_id, reader[0].id, 1))
    await services.persist_events()
    return Project(web, project_id, title, author, admin)


async def get(web, reader, request, number) -> tuple[int, dict[str, str], str]:
    method, path, needs, body = request
    headers = dict(FORM) if not body.startswith("{") else {"content-type": "application/json"}
    for need in needs:
        headers |= reader[1][need]
    got = await ask(web[0], method, path.format(number), headers, body.format(number).encode())
    hide = re.compile(rf"(?<=[/=-]){number}\b")
    fields = {k: hide.sub("", v) for k, v in got.headers.items() if k not in ("content-length", "date")}
    return got.status, fields, hide.sub("", got.body)


@pytest.mark.parametrize("place", ["cached", "cold"])
@pytest.mark.parametrize("how", ["hidden", "deleted"])
async def test_an_answer_about_it_is_the_answer_about_no_project(
    web, reader, project, redis, how, place
):
    for name, request in ONE.items():  # now they are in every cache
        if request[0] == "GET" and name not in ("edit form", "delete form"):
            assert (await get(web, reader, request, project.id))[0] == 200, name
    await project.remove(how)
    if place == "cold":
        await make_cold(redis, project.id)
    for name, request in ONE.items():
        unknown = await get(web, reader, request, UNKNOWN)
        assert unknown[0] == (200 if name == "stream" else 404), name
        assert await get(web, reader, request, project.id) == unknown, name


@pytest.mark.parametrize("how", ["hidden", "deleted"])
async def test_no_list_has_it_any_more(web, reader, project, how):
    tags = {}
    for again in (False, True):
        for name, (path, needs) in LISTS.items():
            headers = {"if-none-match": tags.get(name)}
            for need in needs:
                headers |= reader[1][need]
            path = path.format(author=project.author.username, title=project.title)
            got = await ask(web[0], "GET", path, headers)
            tags[name] = got.headers.get("etag")
            assert got.status == 200, name
            shows = f"project-{project.id}" in got.body  # a row
            shows |= project.title in got.body and name != "search"  # whose page repeats the words
            if again or "list" not in name:  # it may be further down, or not yet in a shared page
                assert shows != again, name
        if not again:
            await project.remove(how)


@pytest.mark.parametrize("how", ["hidden", "deleted"])
async def test_an_etag_from_before_does_not_confirm_it(web, project, how):
    path = f"/api/projects/{project.id}"
    tag = (await ask(web[0], "GET", path)).headers["etag"]
    assert (await ask(web[0], "GET", path, {"if-none-match": tag})).status == 304
    await project.remove(how)
    assert (await ask(web[0], "GET", path, {"if-none-match": tag})).status == 404


async def test_the_places_of_others_do_not_count_it(web, project, board, db):
    other = await board.project()
    # Both are ahead of every other project, the hidden one at the top.
    for project_id, score in ((project.id, 10**6), (other, 10**6 - 1)):
        await db.execute(
            "UPDATE projects SET upvotes = $2, vote_version = 10 WHERE id = $1", project_id, score
        )
    await project.remove("hidden")
    body = (await ask(web[0], "GET", f"/projects/{other}")).body
    reset = "UPDATE projects SET upvotes = $2::int, vote_version = $2::int WHERE id = $1"
    for project_id, votes in ((project.id, 1), (other, 0)):  # for tests that verify the whole board
        await db.execute(reset, project_id, votes)
    assert re.search(r"No\. 1\b|#1\b|\b1st\b", body)
