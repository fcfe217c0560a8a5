"""A project's votes over time."""

from datetime import UTC, datetime, timedelta

from app.projects.history import PARTS, draw
from app.voting.persist import persist_events
from tests.support import client_of

START = datetime(2026, 1, 1, tzinfo=UTC)


def test_changes_add_up_to_the_tally():
    history = draw([(0, 3, 0), (2, -1, 2)], START, START + timedelta(days=PARTS))
    assert [(m.upvotes, m.downvotes) for m in history.moments[:5]] == [
        (0, 0),
        (3, 0),
        (3, 0),
        (2, 2),
        (2, 2),
    ]
    assert history.moments[-1].at == START + timedelta(days=PARTS)
    assert history.up.startswith("0,120 20,0 40,0 60,40")


async def test_the_page_draws_the_votes_and_has_a_table_of_them(app, board, redis, db):
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
