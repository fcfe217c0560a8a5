"""The card of a project at GET /embed/<id>."""

from html import unescape

import pytest

from app.main import create_app
from app.projects.queries import insert_project
from app.settings import SettingsError, load_settings
from tests.support import client_of

SITES = "https://example.org https://*.example.net"


@pytest.fixture(scope="module")
async def framed_app(settings):
    """Return the app of a board that other sites may frame."""
    async with create_app(settings.model_copy(update={"embed_ancestors": SITES})).test_app() as app:
        yield app.app


async def test_without_the_setting_there_is_no_card(app, board):
    project_id = await board.project()
    client = client_of(app)
    assert (await client.get(f"/embed/{project_id}")).status_code == 404
    page = await (await client.get(f"/projects/{project_id}")).get_data(as_text=True)
    assert "<iframe" not in unescape(page)


async def test_only_the_configured_sites_may_frame_the_card(framed_app, board):
    project_id = await board.project()
    card = await client_of(framed_app).get(f"/embed/{project_id}")
    assert card.status_code == 200
    assert card.headers["Content-Security-Policy"].endswith(f"frame-ancestors {SITES}")
    assert "X-Frame-Options" not in card.headers
    for path in ("/", f"/projects/{project_id}", "/embed", "/login"):
        page = await client_of(framed_app).get(path)
        assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
        assert page.headers["X-Frame-Options"] == "DENY"


async def test_the_card_is_the_same_for_everyone_and_takes_no_vote(framed_app, board):
    project_id, user = await board.project(), await board.user()
    client = client_of(framed_app, user)
    await client.post(f"/projects/{project_id}/vote", form={"value": "1"})
    answers = [await each.get(f"/embed/{project_id}") for each in (client, client_of(framed_app))]
    mine, anyones = [await answer.get_data(as_text=True) for answer in answers]
    assert mine == anyones
    assert not any(name in mine for name in ("<form", "<button", "<script", user.username))
    assert f'href="/projects/{project_id}" target="_blank" rel="noopener"' in mine
    for answer in answers:
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["Cache-Control"] == "public, max-age=30"


async def test_a_missing_project_has_a_card_too(framed_app):
    card = await client_of(framed_app).get(f"/embed/{2**50}")
    assert card.status_code == 404
    assert "X-Frame-Options" not in card.headers
    assert "no longer on the board" in await card.get_data(as_text=True)


async def test_the_page_offers_html_in_which_titles_are_escaped(framed_app, board, db):
    author = await board.user()
    project_id = await insert_project(db, author.id, '"><script>x</script>', None, "")
    page = await (await client_of(framed_app).get(f"/projects/{project_id}")).get_data(as_text=True)
    assert "<script>x" not in page
    code = unescape(page.split("<code>")[1].split("</code>")[0])
    assert code.startswith(f'<iframe src="http://localhost/embed/{project_id}"')
    assert "<script>x" not in code


@pytest.mark.parametrize(
    "sites", ["example.org", "https://a.org; script-src *", "https://a.org,*", "none"]
)
def test_an_invalid_list_of_sites_stops_the_start(sites):
    with pytest.raises(SettingsError, match="EMBED_ANCESTORS"):
        load_settings(embed_ancestors=sites)
