"""The API's GET routes: lists, one project, and the caller's votes."""

from datetime import datetime

import pytest

from app.accounts.commands import create_token
from app.projects.lists import PAGE
from app.voting.persist import persist_events
from tests.support import client_of


@pytest.fixture
async def me(board):
    return await board.user()


@pytest.fixture
async def mine(board, settings, me) -> dict[str, str]:
    """Return headers with my token."""
    return {"Authorization": f"Bearer {await create_token(settings, me.username)}"}


@pytest.fixture
async def get(app):
    """Return a function that requests an address and returns the response and its JSON."""
    client = client_of(app)

    async def get(path: str, headers=None):
        answer = await client.get(path, headers=headers or {})
        return answer, await answer.get_json()

    return get


async def vote(app, headers, project_id: int, vote_type: str) -> None:
    body = {"project_id": project_id, "vote_type": vote_type}
    answer = await client_of(app).post("/api/votes", json=body, headers=headers)
    assert answer.status_code == 200


async def test_a_project_has_its_live_tally_and_my_vote(app, board, get, me, mine):
    project_id = await board.project(me)
    await vote(app, mine, project_id, "down")
    _, found = await get(f"/api/projects/{project_id}", mine)
    counts = {"upvotes": 0, "downvotes": 1, "score": -1, "version": 1, "vote_type": "down"}
    assert counts.items() <= found.items()
    assert (found["id"], found["author"], found["url"]) == (project_id, me.username, None)
    assert datetime.fromisoformat(found["created_at"]).tzinfo is not None


async def test_without_a_token_a_project_has_no_vote_type(app, board, get, mine):
    project_id = await board.project()
    await vote(app, mine, project_id, "up")
    _, found = await get(f"/api/projects/{project_id}")
    assert (found["upvotes"], found["vote_type"]) == (1, None)


@pytest.mark.parametrize("path", ["/api/projects", "/api/projects/1", "/api/me/votes"])
async def test_a_wrong_token_is_refused_even_if_none_is_needed(get, path):
    answer, found = await get(path, {"Authorization": "Bearer wrong"})
    assert (answer.status_code, found["error"]) == (401, "unauthorized")


async def test_my_votes_need_a_token(get):
    answer, found = await get("/api/me/votes")
    assert (answer.status_code, found["error"]) == (401, "unauthorized")


async def test_paging_by_next_returns_each_project_once(board, get):
    author = await board.user()
    wanted = [await board.project(author) for _ in range(PAGE + 3)]
    found, after = [], ""
    while not set(wanted) <= set(found):
        _, page = await get(f"/api/projects?sort=new&after={after}")
        found += [project["id"] for project in page["projects"]]
        after = page["next"]
    assert found[: len(wanted)] == wanted[::-1]


async def test_the_list_has_the_same_order_as_the_page(app, board, get):
    await board.project()
    html = await (await client_of(app).get("/?sort=top&t=day")).get_data(as_text=True)
    _, page = await get("/api/projects?sort=top&t=day")
    places = [html.index(f'id="project-{project["id"]}"') for project in page["projects"]]
    assert places == sorted(places)


async def test_my_votes_are_filtered(app, board, get, mine, redis, db):
    up, down = await board.project(), await board.project()
    await vote(app, mine, up, "up")
    await vote(app, mine, down, "down")
    await persist_events(redis, db, 0)
    for chosen, wanted in (("all", [down, up]), ("up", [up]), ("down", [down])):
        _, page = await get(f"/api/me/votes?filter={chosen}", mine)
        assert [project["id"] for project in page["projects"]] == wanted
        assert page["next"] is None
    assert [project["vote_type"] for project in page["projects"]] == ["down"]


async def test_an_unchanged_project_is_not_sent_again(app, board, get, mine):
    project_id = await board.project()
    address = f"/api/projects/{project_id}"
    answer, _ = await get(address, mine)
    known = mine | {"If-None-Match": answer.headers["ETag"]}
    again, _ = await get(address, known)
    assert (again.status_code, await again.get_data()) == (304, b"")
    assert again.headers["ETag"] == answer.headers["ETag"]
    await vote(app, mine, project_id, "up")
    changed, found = await get(address, known)
    assert (changed.status_code, found["upvotes"]) == (200, 1)


async def test_the_etag_depends_on_the_callers_vote(app, board, get, mine):
    project_id = await board.project()
    await vote(app, mine, project_id, "up")
    seen, _ = await get(f"/api/projects/{project_id}", mine)
    answer, _ = await get(f"/api/projects/{project_id}", {"If-None-Match": seen.headers["ETag"]})
    assert answer.status_code == 200
    assert "Authorization" in answer.headers["Vary"]


@pytest.mark.parametrize(
    ("method", "path", "status", "error"),
    [
        ("GET", "/api", 404, "not_found"),
        ("GET", "/api/nothing", 404, "not_found"),
        ("GET", "/api/projects/0", 404, "not_found"),
        ("GET", "/api/projects/x", 404, "not_found"),
        ("GET", f"/api/projects/{2**63 - 1}", 404, "not_found"),
        ("GET", f"/api/projects/{2**63}", 404, "not_found"),
        ("GET", "/api/projects?sort=sideways", 422, "unprocessable_entity"),
        ("GET", "/api/projects?sort=new&sort=hot", 422, "unprocessable_entity"),
        ("GET", "/api/projects?t=never", 422, "unprocessable_entity"),
        ("GET", "/api/projects?after=xyz", 404, "not_found"),
        ("GET", "/api/votes", 405, "method_not_allowed"),
        ("DELETE", "/api/projects/1", 405, "method_not_allowed"),
        ("PUT", "/api/openapi.json", 405, "method_not_allowed"),
        ("PATCH", "/api/votes/metrics", 405, "method_not_allowed"),
    ],
)
async def test_an_error_is_json_with_a_code_and_a_message(app, method, path, status, error):
    answer = await client_of(app).open(path, method=method)
    assert answer.status_code == status
    assert answer.mimetype == "application/json"
    found = await answer.get_json()
    assert found.keys() == {"error", "message"}
    assert found["error"] == error
    assert found["message"]
    assert status != 405 or answer.headers["Allow"]


async def test_a_body_that_is_too_large_is_refused(app, mine):
    for size in (5_000, 70_000):
        answer = await client_of(app).post("/api/votes", data=b"x" * size, headers=mine)
        found = await answer.get_json()
        assert (answer.status_code, found["error"]) == (413, "request_entity_too_large")


async def test_an_empty_parameter_is_the_same_as_none(get, board, mine):
    await board.project()
    for path, empty in (
        ("/api/projects", "?sort=&t=&after=&track="),
        ("/api/me/votes", "?filter=&after="),
    ):
        _, everything = await get(path, mine)
        answer, found = await get(path + empty, mine)
        assert (answer.status_code, found) == (200, everything)
    answer, _ = await get("/api/projects?sort=%20", mine)
    assert answer.status_code == 422
