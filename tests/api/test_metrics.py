"""GET /api/votes/metrics."""

from app.accounts.commands import create_token
from tests.support import client_of


async def test_the_totals_include_every_vote_at_once(app, board, settings):
    user = await board.user()
    token = await create_token(settings, user.username)
    client, headers = client_of(app, user), {"Authorization": f"Bearer {token}"}

    async def metrics():
        answer = await client.get("/api/votes/metrics", headers=headers)
        assert answer.status_code == 200
        return await answer.get_json()

    before, project_id = await metrics(), await board.project()
    for _ in range(7):
        await client.post(f"/projects/{project_id}/vote", form={"value": "1"})
    after = await metrics()
    assert after["total_votes"] - before["total_votes"] == 5
    assert after["total_refused"] - before["total_refused"] == 2
    assert after["total_errors"] == before["total_errors"]
    assert 0 < after["success_rate"] <= 100
    assert after["avg_latency_ms"] > 0
    assert after["last_latency_ms"] > 0


async def test_the_metrics_need_a_token(app):
    answer = await client_of(app).get("/api/votes/metrics")
    assert answer.status_code == 401
