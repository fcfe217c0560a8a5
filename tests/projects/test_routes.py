"""The lists, the page of one project, and submitting."""

import re

import pytest

from tests.support import client_of

FORM = {"title": "A tide clock", "url": "https://tide.example/", "description": "It ticks."}


async def submit(app, account, **form):
    return await client_of(app, account).post("/projects/new", form={**FORM, **form})


async def text(answer):
    return await answer.get_data(as_text=True)


async def test_a_submitted_project_starts_at_zero_on_its_own_page(app, board):
    answer = await submit(app, await board.user())
    assert answer.status_code == 303
    assert re.fullmatch(r"/projects/\d+", answer.headers["Location"])
    html = await text(await client_of(app).get(answer.headers["Location"]))
    assert "A tide clock" in html
    assert 'data-vote="0"' in html
    assert 'data-score="0"' in html


async def test_a_visitor_is_sent_to_sign_in_first(app):
    for answer in (
        await client_of(app).get("/projects/new"),
        await client_of(app).post("/projects/new", form=FORM),
    ):
        assert answer.headers["Location"] == "/login?next=%2Fprojects%2Fnew"


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("title", "   ", "Give the project a title."),
        ("title", "\u200b\u3164 \u0301", "Give the project a title."),
        ("title", "x" * 121, "Use at most 120 characters for the title. It has 121 now."),
        ("url", "javascript:alert(1)", "starts with https:// or http://"),
        ("url", "https://", "names a host"),
        ("url", "https://a b.example", "names a host"),
        ("url", "http://[::1", "names a host"),
        ("url", "https://x.example/" + "x" * 2000, "at most 2000 characters"),
        (
            "description",
            "x" * 5001,
            "Use at most 5000 characters for the description. It has 5001 now.",
        ),
    ],
)
async def test_a_bad_field_is_refused_with_a_message_and_the_rest_is_kept(
    app, board, field, value, message
):
    answer = await submit(app, await board.user(), **{field: value})
    assert answer.status_code == 422
    html = await text(answer)
    assert message in html
    kept = {"title": "A tide clock", "url": "https://tide.example/", "description": "It ticks."}
    for other in kept.keys() - {field}:
        assert kept[other] in html


async def test_a_link_is_optional_and_text_is_escaped(app, board):
    answer = await submit(app, await board.user(), url="", title="<b>&", description="<script>")
    html = await text(await client_of(app).get(answer.headers["Location"]))
    assert "&lt;b&gt;&amp;" in html
    assert "&lt;script&gt;" in html
    assert "<script>" not in html


async def test_a_link_may_begin_in_capitals(app, board):
    answer = await submit(app, await board.user(), url="HTTPS://Tide.example/A")
    html = await text(await client_of(app).get(answer.headers["Location"]))
    assert 'href="https://tide.example/A"' in html


@pytest.mark.parametrize("sort", ["hot", "top", "new"])
async def test_a_list_pages_through_every_project_once(app, board, sort):
    author = await board.user()
    made = {await board.project(author) for _ in range(60)}
    client, path, seen = client_of(app), f"/?sort={sort}", []
    while path:
        html = await text(await client.get(path))
        seen += [int(number) for number in re.findall(r'id="project-(\d+)"', html)]
        found = re.search(r'href="(/\?[^"]*after=[^"]*)"', html)
        path = found and found.group(1).replace("&amp;", "&")
    assert len(seen) == len(set(seen))
    assert made <= set(seen)


async def test_the_page_shows_the_users_vote_and_the_live_tally(app, board):
    project_id, user = await board.project(), await board.user()
    client = client_of(app, user)
    await client.post(f"/projects/{project_id}/vote", form={"value": -1})
    html = await text(await client.get(f"/projects/{project_id}"))
    assert 'data-vote="-1"' in html
    assert 'data-score="-1"' in html


async def test_an_unknown_list_and_an_unknown_project_are_not_found(app):
    client = client_of(app)
    assert (await client.get("/?sort=worst")).status_code == 404
    assert (await client.get("/projects/99999999")).status_code == 404
    assert (await client.get(f"/projects/{10**25}")).status_code == 404


async def test_a_broken_cursor_starts_at_the_top(app):
    for sort in ("hot", "top", "new"):
        for cursor in ("x", "%00", "MX4", "!!!!", "MTIzfm5hbg", "MTIzfjFlOTk5", "OX4yMDI2", "MX4x"):
            answer = await client_of(app).get(f"/?sort={sort}&after={cursor}")
            assert answer.status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/?sort=&t=&after=&track=",
        "/feed.atom?sort=&t=&track=",
        "/me/votes?filter=&after=",
        "/search?q=&after=",
        "/results?track=",
        "/screen?track=",
        "/api/results?track=",
        "/admin/people?show=&sort=&q=&after=",
    ],
)
async def test_an_empty_parameter_of_a_list_is_the_same_as_none(free_app, board, db, path):
    user = await board.user()
    await db.execute("UPDATE users SET is_admin = true WHERE id = $1", user.id)
    assert (await client_of(free_app, user).get(path)).status_code == 200
