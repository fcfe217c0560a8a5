"""Each check is seen to fail on a server that has just that trouble, and to name it."""

import re
import socket
import time

import pytest

from app.operations.doctor import clock
from app.operations.doctor.check import ago, where
from app.operations.doctor.postgresql import SECONDS
from app.voting import keys
from app.voting.votes import Vote
from tests.operations.doctor.conftest import LONG_AGO
from tests.operations.doctor.hurry import hurry
from tests.operations.doctor.test_troubles import RUNBOOKS
from tests.support import Board
from workers.run_log import noted


async def test_a_board_that_is_well_gets_a_line_a_check_and_no_advice(clinic):
    checks = await clinic.examine()
    assert [str(check) for check in checks.values() if not check.well] == []
    assert checks.keys() == {
        "secret key", "limits", "intervals",
        "redis", "appendonly", "append-only file", "appendfsync", "maxmemory-policy", "memory",
        "clock of redis", "shards", "vote functions", "events", "worker",
        "persist_events", "sync_tallies", "withdraw_votes", "note_history", "cool_projects",
        "make_partitions", "drop_partitions", "reconcile", "changed projects", "drift",
        "postgresql", "migrations", "connections", "partitions", "event log", "clock of postgresql",
    }  # fmt: skip
    assert str(checks["appendonly"]) == "ok   appendonly: yes"


async def test_a_redis_that_is_down_fails_alone(clinic):
    clinic.valkey.halt()
    checks = await clinic.examine()
    clinic.valkey.restart()
    assert {check.name for check in checks.values() if not check.well} == {"redis"}
    assert "correct REDIS_URL" in checks["redis"].text
    assert checks["postgresql"].well


async def test_a_redis_that_hangs_holds_up_nobody(clinic, monkeypatch):
    allowed = hurry(monkeypatch, "app.storage.redis_client")
    clinic.valkey.pause()
    try:
        assert await clinic.failing() == {"redis"}
    finally:
        clinic.valkey.resume()
    assert 0 < sum(allowed) < 5  # s, of all questions that were waited for


async def test_a_postgresql_that_is_down_fails_alone(clinic, tmp_path):
    checks = await clinic.examine(database_url=f"postgresql://me:geheim@/upvote?host={tmp_path}")
    assert {check.name for check in checks.values() if not check.well} == {"postgresql"}
    assert str(tmp_path) in checks["postgresql"].text
    assert "geheim" not in checks["postgresql"].text


async def test_a_postgresql_that_hangs_holds_up_nobody(clinic, monkeypatch):
    monkeypatch.setattr("app.operations.doctor.postgresql.SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://me@127.0.0.1:{silent.getsockname()[1]}/upvote"
        assert await clinic.failing(database_url=url) == {"postgresql"}
        silent.setblocking(False)
        silent.accept()
        with pytest.raises(BlockingIOError):
            silent.accept()  # it is asked once, and not waited for longer than that
    assert SECONDS < 5


async def test_a_database_without_a_schema(clinic):
    url = clinic.services.settings.database_url.replace("/clinic?", "/postgres?")
    checks = await clinic.examine(database_url=url)
    assert not checks["migrations"].well
    assert "Run upvote migrate" in checks["migrations"].text


async def test_a_migration_that_is_missing_and_one_that_is_unknown(clinic):
    await clinic.services.db.execute(
        "UPDATE schema_migrations SET version = '0000' WHERE version = '0003'"
    )
    assert "0000 applied" in (await clinic.examine())["migrations"].text
    await clinic.services.db.execute("DELETE FROM schema_migrations WHERE version = '0000'")
    assert "0003 missing. Run upvote migrate" in (await clinic.examine())["migrations"].text
    await clinic.services.db.execute("INSERT INTO schema_migrations VALUES ('0003')")
    assert await clinic.failing() == set()


async def test_partitions_that_were_not_made(clinic):
    month = await clinic.services.db.fetchval(
        "SELECT to_char((now() AT TIME ZONE 'UTC') + interval '1 month', 'YYYY_MM')"
    )
    await clinic.services.db.execute(f"DROP TABLE vote_events_{month}")
    checks = await clinic.examine()
    assert "none for next month" in checks["partitions"].text
    await clinic.work()
    assert (await clinic.examine())["partitions"].well


async def test_events_that_went_astray(clinic):
    board = Board(clinic.services.db)
    project_id, user = await board.project(), await board.user()
    await clinic.services.db.execute(
        "INSERT INTO vote_events VALUES ($1, $2, 0, 1, 1, '2001-01-01')", project_id, user.id
    )
    assert "vote_events_default" in (await clinic.examine())["partitions"].text
    [statements] = re.findall(r"```sql\n(.*?)```", RUNBOOKS.read_text(), re.S)
    await clinic.services.db.execute(statements.replace("2026-03-01", "2001-01-01"))
    assert (await clinic.examine())["partitions"].well
    assert len(await board.events(project_id)) == 1
    await clinic.services.db.execute("DROP TABLE vote_events_2001_01")


async def test_a_worker_that_was_never_there(clinic):
    await clinic.services.redis.delete(keys.METRICS_WORKER)
    checks = await clinic.examine()
    assert "never run" in checks["worker"].text
    assert "Start upvote worker" in checks["worker"].text


async def test_a_worker_that_has_stopped(clinic):
    for job in ("persist_events", "sync_tallies"):
        await grow_old(clinic, f"{job}:started_at")
        await grow_old(clinic, f"{job}:ended_at")
    checks = await clinic.examine()
    failing = {check.name for check in checks.values() if not check.well}
    assert failing == {"worker", "persist_events", "sync_tallies"}
    assert "last seen 3 h ago" in checks["worker"].text


async def test_a_job_that_fails(clinic):
    with pytest.raises(ValueError, match="broken"):
        async with noted(clinic.services.redis, "sync_tallies"):
            raise ValueError("broken")
    checks = await clinic.examine()
    assert "ValueError('broken')" in checks["sync_tallies"].text
    assert not checks["sync_tallies"].well


async def test_events_and_changed_projects_that_wait_too_long(clinic):
    board = Board(clinic.services.db)
    project_id, user = await board.project(), await board.user()
    before = time.time()
    await clinic.services.batcher.cast(Vote(project_id, user.id, 1))
    checks = await clinic.examine()
    [waited] = re.findall(r"1 wait, the oldest for ([\d.]+) s", checks["events"].text)
    assert float(waited) <= time.time() - before + 0.1
    assert checks["changed projects"].text.startswith("1 wait, last sync ")
    await clinic.work()
    await clinic.services.redis.delete(keys.events(0))
    await clinic.services.redis.xadd(keys.events(0), {"vote": "1 1 0 1 1"}, id=f"{2**40}-0")
    await clinic.services.redis.hset(keys.changed(0), 1, 1)
    await grow_old(clinic, "sync_tallies:ended_at")
    failing = await clinic.failing()
    await clinic.services.redis.delete(keys.events(0), keys.changed(0))
    assert failing == {"events", "changed projects", "sync_tallies"}


async def test_another_number_of_shards_than_redis_holds(clinic):
    checks = await clinic.examine(vote_shards=2)
    assert not checks["shards"].well
    assert "VOTE_SHARDS is 2, but Redis holds the votes of 1" in checks["shards"].text
    assert "run upvote settle with VOTE_SHARDS=1" in checks["shards"].text


async def test_a_doctor_with_another_number_leaves_no_trace(clinic):
    before = await clinic.services.redis.getdel(keys.SHARDS)
    await clinic.examine(vote_shards=2)
    assert await clinic.services.redis.get(keys.SHARDS) is None
    await clinic.services.redis.set(keys.SHARDS, before)


@pytest.mark.parametrize(
    "secret", ["changeme-changeme", "aaaaaaaaaaaaaaaaaaaaaaa", "my secret key of 16"]
)
async def test_a_secret_that_anybody_could_guess(clinic, secret):
    checks = await clinic.examine(secret_key=secret)
    assert {check.name for check in checks.values() if not check.well} == {"secret key"}
    assert secret not in checks["secret key"].text


@pytest.mark.parametrize(
    ("there", "well"), [(1000.0, True), (1001.9, True), (997.0, False), (1060.0, False)]
)
def test_clocks_that_differ(there, well):
    assert clock.compare("redis", 999.9, there, 1000.1).well is well
    assert clock.compare("redis", 999.9, (int(there), 0), 1000.1).well is well


def test_a_password_is_not_shown():
    assert where("redis://:geheim@example.org:6380/1") == "example.org:6380/1"
    assert where("postgresql://me:geheim@/upvote?host=/run/pg") == "/run/pg/upvote"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.04, "0.0 s"),
        (119.0, "119.0 s"),
        (30, "30 s"),
        (121, "2 min"),
        (7300, "2 h"),
        (200_000, "2 d"),
    ],
)
def test_a_span_of_time_is_told_in_words(seconds, words):
    assert ago(seconds) == words


async def grow_old(clinic, field: str) -> None:
    """Let a note be of three hours ago."""
    await clinic.services.redis.hset(keys.METRICS_WORKER, field, f"{time.time() - LONG_AGO:.3f}")
