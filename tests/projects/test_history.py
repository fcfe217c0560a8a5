"""The chart of a project's votes over time."""

from datetime import UTC, datetime, timedelta

import pytest

from app.projects import history
from app.projects.history import PARTS, Point, build_history
from app.voting import keys
from app.voting.persist import persist_events
from tests.support import client_of

START = datetime(2026, 1, 1, tzinfo=UTC)


def test_changes_add_up_to_the_tally():
    history = build_history([(0, 3, 0), (2, -1, 2)], Point(START, 0, 0), START + timedelta(days=PARTS))
    assert [(m.upvotes, m.downvotes) for m in history.points[:5]] == [
        (0, 0),
        (3, 0),
        (3, 0),
        (2, 2),
        (2, 2),
    ]
    assert history.points[-1].at == START + timedelta(days=PARTS)
    assert history.up.startswith("0,120 20,0 40,0 60,40")


async def test_the_page_has_a_chart_and_a_table_of_the_votes(app, board, redis, db):
    project_id = await board.project()
    client = client_of(app, await board.user())
    assert "history-picture" not in await (await client.get(f"/projects/{project_id}")).get_data(
        as_text=True
    )
    await client.post(f"/projects/{project_id}/vote", form={"value": 1})
    await persist_events(redis, db, 0)
    html = await (await client.get(f"/projects/{project_id}")).get_data(as_text=True)
    assert '<polyline class="history-up" points="0,120 ' in html
    assert "<td>1</td><td>0</td>" in html
    assert "style=" not in html


@pytest.fixture
async def voted(app, board, redis, db) -> int:
    """Return the ID of a project with three events of one user."""
    project_id, client = await board.project(), client_of(app, await board.user())
    for value in (1, 0, 1):
        await client.post(f"/projects/{project_id}/vote", form={"value": value})
    await persist_events(redis, db, 0)
    return project_id


async def page(app, project_id: int) -> str:
    return await (await client_of(app).get(f"/projects/{project_id}")).get_data(as_text=True)


async def test_the_chart_stays_when_the_version_jumps(app, redis, voted):
    """The version jumps in a new epoch after a loss."""
    await redis.hset(keys.tally(0, voted), "version", 1_000_004)
    assert "history-picture" in await page(app, voted)


@pytest.mark.parametrize(("most", "drawn"), [(0, False), (2, False), (3, True)])
async def test_a_project_with_too_many_events_has_a_text_instead_of_a_chart(
    app, voted, monkeypatch, most, drawn
):
    """The tally or the number of events can be too large."""
    monkeypatch.setattr(history, "MAX_EVENTS", most)
    html = await page(app, voted)
    assert ("history-picture" in html) == drawn
    assert ("too many votes to draw" in html) != drawn
