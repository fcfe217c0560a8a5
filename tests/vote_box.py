"""Votes through the form of a page, and what the vote box in the answer says."""

import re

HTMX = {"HX-Request": "true"}


async def post_vote(client, project_id, value, **headers):
    """Send a vote as the form does; None sends no value."""
    form = {} if value is None else {"value": value}
    return await client.post(f"/projects/{project_id}/vote", form=form, headers=headers)


def vote_box(html: str) -> dict[str, int]:
    """Return the user's vote, the score and the version in a fragment."""
    return {
        name: int(re.search(rf'data-{name}="(-?\d+)"', html).group(1))
        for name in ("vote", "score", "version")
    }


def vote_and_version(html: str) -> tuple[int, int]:
    """Return the user's vote and the version in a fragment."""
    vote = re.search(r'data-vote="(-?\d+)" data-version="(\d+)"', html)
    assert vote
    return int(vote[1]), int(vote[2])
