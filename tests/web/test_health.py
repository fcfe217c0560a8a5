"""/healthz and /readyz: what they report, and what they keep private."""

from app.main import create_app
from tests.support import client_of

NOWHERE = "redis://:sekret@127.0.0.1:1/0"


async def test_a_working_board_is_ready(app):
    for path in ("/healthz", "/readyz"):
        answer = await client_of(app).get(path)
        assert (answer.status_code, await answer.get_json()) == (200, {"status": "ok"})


async def test_without_redis_it_is_not_ready_and_reveals_no_address(settings, monkeypatch):
    monkeypatch.setattr("app.storage.breaker.BREAK_SECONDS", 3600)  # it stays open
    away = settings.model_copy(update={"redis_url": NOWHERE})
    async with create_app(away).test_app() as serving:
        for _ in range(3):  # the first call fails to connect; the breaker answers the others
            answer = await client_of(serving.app).get("/readyz")
            found = await answer.get_json()
            assert answer.status_code == 503
            assert found["reason"] in ("Redis does not answer", "Redis did not answer a moment ago")
        assert (await client_of(serving.app).get("/healthz")).status_code == 200
        for path in ("/metrics", "/", "/readyz"):
            page = await (await client_of(serving.app).get(path)).get_data(as_text=True)
            assert "127.0.0.1" not in page
            assert "sekret" not in page
