"""/ops and /metrics count all processes, work while a server is away, and /ops is for admins only."""

import asyncio
import secrets
import socket

import pytest
from prometheus_client.parser import text_string_to_metric_families

from app.accounts.queries import insert_user
from app.board.board import Board
from app.live.current import hub
from app.main import create_app
from app.operations.ops import routes, samples
from app.operations.ops.heartbeat import measure, send_heartbeats
from app.services import open_services
from app.voting.votes import Vote
from tests.conftest import NO_LIMITS
from tests.operations.doctor.short_timeouts import shorten_timeouts
from tests.support import client_of
from tests.waiting import CEILING, until
from workers.note_history import note_history

NOWHERE = "redis://127.0.0.1:1/0"
NO_DATABASE = "postgresql://upvote@127.0.0.1:1/upvote"


async def figures(client) -> dict[tuple[str, str], float]:
    """Return the metrics by name and first label value."""
    response = await client.get("/metrics")
    assert response.status_code == 200
    text = (await response.get_data()).decode()
    return {
        (sample.name, next(iter(sample.labels.values()), "")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_every_process_answers_with_the_counts_of_all(settings, board, free_app):
    votes = [Vote(await board.project(), (await board.user()).id, 1) for _ in range(3)]
    before = await figures(free_app.test_client())
    async with open_services(settings.model_copy(update=NO_LIMITS)) as other:
        for vote in votes:
            await other.batcher.cast(vote)
        await other.metrics.read()  # writes its counts to Redis
    after = await figures(free_app.test_client())
    for name in (("upvote_votes_total", "accepted"), ("upvote_vote_latency_seconds_count", "")):
        assert after[name] - before.get(name, 0) >= 3


async def test_refusals_are_counted_by_reason(app, settings, board):
    name = ("upvote_votes_total", "over_project_limit")
    project_id, user = await board.project(), await board.user()
    before = await figures(app.test_client())
    async with open_services(settings.model_copy(update={"rate_limit_window": 3600})) as other:
        for _ in range(7):
            await other.batcher.cast(Vote(project_id, user.id, 1))
        await other.metrics.read()  # writes its counts to Redis
    assert (await figures(app.test_client()))[name] - before.get(name, 0) >= 2


@pytest.mark.parametrize(
    ("away", "name"), [({"redis_url": NOWHERE}, "redis"), ({"database_url": NO_DATABASE}, "postgresql")]
)
async def test_a_server_that_is_away_is_reported(settings, away, name):
    async with create_app(settings.model_copy(update=away)).test_app() as serving:
        found = await figures(serving.test_client())
    assert found[f"upvote_{name}_up", ""] == 0


@pytest.mark.parametrize("name", ["redis", "postgresql"])
async def test_a_server_that_hangs_is_reported_in_time(settings, name, monkeypatch):
    allowed = shorten_timeouts(monkeypatch, "app.operations.ops.state")
    monkeypatch.setattr("app.storage.redis_client.REDIS_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        place = f"127.0.0.1:{silent.getsockname()[1]}"
        urls = {"redis": f"redis://{place}/0", "postgresql": f"postgresql://me@{place}/upvote"}
        setting = {"redis": "redis_url", "postgresql": "database_url"}[name]
        hangs = settings.model_copy(update={setting: urls[name]})
        async with create_app(hangs).test_app() as serving:
            async with asyncio.timeout(CEILING):
                found = await figures(serving.test_client())
    assert found[f"upvote_{name}_up", ""] == 0
    assert len(allowed) == 3  # parts, read at the same time
    assert max(allowed) < 2


@pytest.fixture
async def admin(db):
    name = f"admin-{secrets.token_hex(4)}"
    return await insert_user(db, name, "no hash", is_admin=True)


async def test_the_page_is_for_admins_only(app, board, admin):
    assert (await app.test_client().get("/ops")).headers["Location"].startswith("/login?next=")
    assert (await client_of(app, await board.user()).get("/ops")).status_code == 403
    response = await client_of(app, admin).get("/ops")
    assert response.status_code == 200
    page = await response.get_data(as_text=True)
    assert "Health checks" in page
    assert "<html" in page


async def test_htmx_gets_only_the_part_that_changes(app, admin):
    response = await client_of(app, admin).get("/ops", headers={"HX-Request": "true"})
    page = await response.get_data(as_text=True)
    assert "Votes accepted" in page
    assert "<html" not in page


@pytest.mark.parametrize(
    ("phase", "words"),
    [("before", "has not begun."), ("open", "is open."), ("ended", "has ended.")],
)
async def test_the_page_says_whether_voting_is_open(app, admin, monkeypatch, phase, words):
    monkeypatch.setattr(Board, "voting_phase", lambda _: phase)
    page = await (await client_of(app, admin).get("/ops")).get_data(as_text=True)
    assert f"Votes can be taken. Voting {words}" in page


async def test_the_page_is_useful_without_redis(settings, admin):
    app = create_app(settings.model_copy(update={"redis_url": NOWHERE}))
    async with app.test_app():
        response = await client_of(app, admin).get("/ops")
        page = await response.get_data(as_text=True)
    assert response.status_code == 200
    assert "Voting is down" in page
    assert "REDIS_URL" in page  # the advice


async def test_the_page_is_useful_without_postgresql(settings, admin):
    app = create_app(settings.model_copy(update={"database_url": NO_DATABASE}))
    async with app.test_app():
        client = client_of(app, admin)
        assert (await client.get("/ops")).status_code == 503  # this process knows no admin yet
        app.extensions["upvote_accounts"].admin_ids |= {admin.id}
        response = await client.get("/ops")
        page = await response.get_data(as_text=True)
    assert response.status_code == 200
    assert "PostgreSQL does not answer" in page
    assert "Votes accepted" in page  # from Redis
    assert "DATABASE_URL" in page  # the advice


async def test_without_postgresql_only_known_admins_see_the_page(settings, board, admin):
    app = create_app(settings.model_copy(update={"database_url": NO_DATABASE}))
    async with app.test_app():
        app.extensions["upvote_accounts"].admin_ids |= {admin.id}
        assert (await client_of(app, await board.user()).get("/ops")).status_code == 503
        assert (await client_of(app, admin).get("/admin/audit")).status_code == 503


async def test_every_process_knows_the_admins(settings, board, db, monkeypatch):
    monkeypatch.setattr("app.repeat.FOLLOW_SECONDS", 0.01)
    user = await board.user()
    async with create_app(settings).test_app() as serving:
        accounts = serving.app.extensions["upvote_accounts"]
        for is_admin in (True, False):
            await db.execute("UPDATE users SET is_admin = $2 WHERE id = $1", user.id, is_admin)
            await until(
                lambda expected=is_admin: (user.id in accounts.admin_ids) == expected,
                "for the admins to be read",
            )


async def test_all_viewers_share_one_run_of_the_checks(app, monkeypatch):
    runs = []

    async def run_checks(_, *, ask_outside):
        runs.append(1)
        await asyncio.sleep(0)  # lets other viewers in, as waiting for servers does
        return []

    monkeypatch.setattr(routes, "run_checks", run_checks)
    monkeypatch.setattr(routes, "CHECKS_TTL_SECONDS", CEILING)
    monkeypatch.setattr(app, "extensions", {**app.extensions})
    app.extensions.pop("upvote_checks", None)
    async with app.app_context():
        await asyncio.gather(routes._checks(), routes._checks())
        await routes._checks()
        assert len(runs) == 1
        del app.extensions["upvote_checks"]
        monkeypatch.setattr(routes, "CHECKS_TTL_SECONDS", -1.0)
        await routes._checks()
        await routes._checks()
    assert len(runs) == 3


async def test_callers_waiting_for_a_connection_are_counted(settings):
    async with open_services(settings) as services:
        taken = [await services.db.acquire() for _ in range(services.db.get_max_size())]
        waiting = asyncio.ensure_future(services.db.acquire(timeout=CEILING))
        await until(lambda: services.db.waiting)
        full = measure(services, "web")
        for connection in taken:
            await services.db.release(connection)
        await services.db.release(await waiting)
        free = measure(services, "web")
    assert (full.pool_size, full.pool_idle, full.pool_waiting) == (10, 0, 1)
    assert (free.pool_idle, free.pool_waiting) == (10, 0)


async def test_open_streams_are_counted(settings):
    app = create_app(settings.model_copy(update={"redis_url": NOWHERE}))  # counts this process only
    async with app.test_app(), app.app_context():
        name = ("upvote_live_streams", "")
        with hub().stream("me", [1], None), hub().stream("me", [1], None):
            assert (await figures(app.test_client()))[name] == 2
        assert (await figures(app.test_client()))[name] == 0


async def test_an_open_breaker_is_reported_while_redis_is_away(settings, monkeypatch):
    monkeypatch.setattr("app.storage.breaker.BREAK_SECONDS", CEILING)
    async with create_app(settings.model_copy(update={"redis_url": NOWHERE})).test_app() as serving:
        found = await figures(serving.test_client())
    assert found["upvote_breaker_open", "web"] == 1
    assert found["upvote_breaker_openings", "web"] >= 1


async def test_web_and_worker_report_their_connections(app, redis):
    services = app.extensions["upvote"]
    sending = asyncio.create_task(send_heartbeats(services, "worker"))

    async def is_reported() -> bool:
        return ("upvote_pool_connections", "worker") in await figures(app.test_client())

    await until(is_reported, "for the worker")
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    assert not await is_reported()


async def test_samples_are_kept_for_an_hour(app, redis):
    services = app.extensions["upvote"]
    now = await samples.make_sample(services)
    for _ in range(samples.MAX_SAMPLES + 5):
        await samples.write_sample(redis, now)
    await note_history(services)
    series = await samples.read_series(redis)
    assert len(series[3].values) == samples.MAX_SAMPLES
