"""Requests to the settings page, and votes with the tokens that it makes."""

import re


async def settings_page(client, path="/me/settings"):
    """Return the HTML of a page."""
    return await (await client.get(path)).get_data(as_text=True)


async def make_token(client, name="my script") -> str:
    """Make a token with this name and return it."""
    answer = await client.post("/me/settings/tokens", form={"name": name})
    assert answer.status_code == 200
    return re.search(r"uv_[\w-]{40,}", await answer.get_data(as_text=True)).group()


async def vote_with_token(app, token, project_id):
    """Upvote a project through the API and return the response."""
    return await app.test_client().post(
        "/api/votes",
        json={"project_id": project_id, "vote_type": "up"},
        headers={"Authorization": f"Bearer {token}"},
    )
