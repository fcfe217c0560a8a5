"""Every error as a page, as an HTMX fragment and as JSON."""

import pytest
from werkzeug.exceptions import ServiceUnavailable, TooManyRequests, default_exceptions

from app.errors import VotesUnavailable
from app.main import create_app
from tests.support import client_of

UNEXPECTED = pytest.mark.provokes("RuntimeError: a secret")
STATUSES = [400, 401, 403, 404, 405, 413, 415, 422, 429, 503, pytest.param(500, marks=UNEXPECTED)]
EVERY_STATUS = pytest.mark.parametrize("status", STATUSES)


@pytest.fixture(scope="module")
async def failing_app(settings):
    """Run the app with a route for each error, as a page and below /api/."""
    app = create_app(settings)

    async def fail(status: int):
        if status == 429:
            raise TooManyRequests("Wait a <moment>.", retry_after=7)
        if status == 503:
            raise ServiceUnavailable("Wait a <moment>.", retry_after=7)
        if status == 500:
            raise RuntimeError("a secret")
        raise default_exceptions[status](description="Wait a <moment>.")

    for path in ("/fail/<int:status>", "/api/fail/<int:status>"):
        app.add_url_rule(path, path, fail, methods=["GET", "POST"])
    async with app.test_app() as serving:
        yield serving.app


@EVERY_STATUS
async def test_an_error_page_says_what_happened_and_links_to_the_next_step(failing_app, status):
    answer = await client_of(failing_app).get(f"/fail/{status}")
    page = await answer.get_data(as_text=True)
    assert (answer.status_code, answer.mimetype) == (status, "text/html")
    assert answer.headers["Cache-Control"] == "no-store"
    assert page.count("<h1") == 1
    assert 'href="/">All projects' in page
    assert "a secret" not in page
    assert status == 500 or "Wait a &lt;moment&gt;." in page
    assert (f'href="/fail/{status}">Try again' in page) == (status in (429, 500, 503))
    assert ('href="/login">Sign in' in page.split("<main")[1]) == (status == 401)
    assert ('href="/search">Search' in page) == (status == 404)


@EVERY_STATUS
async def test_an_error_fragment_is_one_alert(failing_app, status):
    answer = await client_of(failing_app).get(f"/fail/{status}", headers={"HX-Request": "true"})
    fragment = await answer.get_data(as_text=True)
    assert answer.status_code == status
    assert fragment.startswith('<p class="error" role="alert">')
    assert fragment.endswith("</p>")
    assert "<moment>" not in fragment


@EVERY_STATUS
async def test_the_api_answers_errors_as_json(failing_app, status):
    answer = await client_of(failing_app).get(f"/api/fail/{status}")
    assert (answer.status_code, answer.mimetype) == (status, "application/json")
    found = await answer.get_json()
    assert found.keys() == {"error", "message"}
    assert status == 500 or found["message"] == "Wait a <moment>."


@pytest.mark.parametrize("shape", ["/fail", "/api/fail"])
@pytest.mark.parametrize("status", [429, 503])
async def test_retry_after_is_in_the_header(failing_app, shape, status):
    answer = await client_of(failing_app).get(f"{shape}/{status}")
    assert answer.headers["Retry-After"] == "7"


@EVERY_STATUS
async def test_a_failed_form_links_back_to_its_page(failing_app, status):
    headers = {"Referer": "http://localhost/projects/new?a=1&b=2", "Sec-Fetch-Site": "same-origin"}
    answer = await client_of(failing_app).post(f"/fail/{status}", headers=headers)
    page = await answer.get_data(as_text=True)
    assert 'href="/projects/new?a=1&amp;b=2">Back to the page' in page
    assert "Try again</a>" not in page


async def test_the_frameworks_own_messages_are_not_shown(failing_app):
    client = client_of(failing_app)
    for answer in (await client.get("/nothing"), await client.delete("/"), await client.get("/api/no")):
        assert "requested URL" not in await answer.get_data(as_text=True)


async def test_an_error_page_never_links_to_another_site(failing_app):
    answer = await client_of(failing_app).get("//elsewhere.test/fail/500")
    assert 'href="//' not in await answer.get_data(as_text=True)


async def test_a_vote_without_redis_is_answered_like_other_errors(failing_app, board, monkeypatch):
    async def away(*_):
        raise VotesUnavailable("no Redis")

    services = failing_app.extensions["upvote"]
    monkeypatch.setattr(services.batcher, "cast", away)
    project_id, client = await board.project(), client_of(failing_app, await board.user())
    for headers, shown in (({}, "<h1>Back in a moment</h1>"), ({"HX-Request": "true"}, "role=")):
        answer = await client.post(f"/projects/{project_id}/vote", form={"value": "1"}, headers=headers)
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "2"
        assert shown in await answer.get_data(as_text=True)


async def test_the_error_page_does_not_ask_an_unavailable_postgresql_again(
    failing_app, board, monkeypatch
):
    asked = []
    for name in (
        "app.projects.queries.select_projects",
        "app.projects.queries.select_project",
        "app.accounts.queries.select_is_admin",
    ):

        async def away(*_, name=name, **__):
            asked.append(name)
            raise TimeoutError

        monkeypatch.setattr(name, away)
    client = client_of(failing_app, await board.user())
    for path in ("/", f"/projects/{await board.project()}"):
        asked.clear()
        answer = await client.get(path)
        assert answer.status_code == 503
        # A project's page asks for the project and for the reader's rights at the same time.
        assert len(asked) == len(set(asked)) > 0
