"""Threats of docs/security.md to the API: one test per threat, with its name."""

from app.accounts.commands import create_token
from tests.asgi_calls import FORM, ask
from tests.fast_client import FastVotesApp
from tests.support import session_cookie

SITE, EVIL = "https://site.example", "https://evil.example"


async def test_a_page_of_another_site_calls_the_board(free_app, board, settings):
    user, project_id = await board.user(), await board.project()
    token = await create_token(settings, user.username)
    shared = FastVotesApp(free_app, cors_origins=SITE)
    body = b'{"project_id": %d, "vote_type": "up"}' % project_id
    cookie = {"cookie": f"upvote_session={session_cookie(free_app, user)}"}
    bearer = {"authorization": f"Bearer {token}"}

    async def vote(origin, more, path="/api/votes", body=body):
        headers = {"origin": origin, "sec-fetch-site": "cross-site"} | more
        return await ask(shared, "POST", path, headers, body)

    page = f"/projects/{project_id}/vote"
    assert (await vote(EVIL, bearer)).status == 403
    assert (await vote(SITE, cookie)).status == 401
    assert (await vote(SITE, cookie | FORM, page, b"value=1")).status == 403
    allowed = await vote(SITE, bearer)
    assert allowed.status == 200
    for answer in (allowed, await vote(SITE, cookie), await vote(EVIL, bearer)):
        assert "access-control-allow-credentials" not in answer.headers
        assert answer.headers.get("access-control-allow-origin") in (SITE, None)


async def test_a_token_does_more_than_it_was_made_for(free_app, board, db, settings):
    admin, user = await board.users(2)
    await db.execute("UPDATE users SET is_admin = true WHERE id = $1", admin.id)
    tokens = {
        "of an admin": await create_token(settings, admin.username),
        "of a user": await create_token(settings, user.username),
        "of a former admin": await create_token(settings, admin.username, ["projects"]),
    }
    await db.execute("UPDATE users SET is_admin = false WHERE id = $1", admin.id)
    for whose, token in tokens.items():
        answer = await free_app.test_client().put(
            "/api/projects/by-key/not-made",
            json={"title": "Not made"},
            headers={"Authorization": f"Bearer {token}"},
        )
        assert answer.status_code == 403, whose
    assert not await db.fetchval("SELECT EXISTS (SELECT FROM projects WHERE key = 'not-made')")
