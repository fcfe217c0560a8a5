"""Each check fails on a board that has just that problem, and names it."""

import re
import socket
import time

import pytest

from app.operations.doctor import clock
from app.operations.doctor.check import format_duration, server_address
from app.operations.doctor.postgresql import TIMEOUT_SECONDS
from app.voting import keys
from app.voting.votes import Vote
from tests.operations.doctor.conftest import LONG_AGO
from tests.operations.doctor.short_timeouts import shorten_timeouts
from tests.operations.doctor.troubles import OLD_MONTH, statements
from tests.support import Board
from workers.run_log import record_run, record_start

TOLD_THE_RESULTS = "INSERT INTO webhooks (url, secret, events) VALUES ('x', 'x', '{results.final}')"


async def test_on_a_healthy_board_every_check_passes(checked_board):
    checks = await checked_board.run_checks()
    assert [str(check) for check in checks.values() if not check.passed] == []
    assert checks.keys() == {
        "secret key", "public address", "handover keys", "limits", "intervals", "disk", "mail server",
        "mails", "links", "sign-in provider", "webhooks",
        "redis", "appendonly", "append-only file", "appendfsync", "maxmemory-policy", "memory",
        "clock of redis", "shards", "vote functions", "budget", "events",
        "worker",
        "persist_events", "sync_tallies", "withdraw_votes", "note_history", "fill_link_keys",
        "send_mails", "send_webhooks", "index_projects", "finish_voting", "find_odd_votes",
        "cool_projects", "remove_expired", "make_partitions", "drop_partitions", "reconcile",
        "changed projects", "drift",
        "postgresql", "migrations", "connections", "locks", "partitions", "event log",
        "redis in use", "events set aside", "last recovery", "clock of postgresql",
    }  # fmt: skip
    assert str(checks["appendonly"]) == "ok   appendonly: yes"


async def test_with_redis_down_only_its_check_fails(checked_board):
    checked_board.valkey.halt()
    checks = await checked_board.run_checks()
    checked_board.valkey.restart()
    assert {check.name for check in checks.values() if not check.passed} == {"redis"}
    assert "correct REDIS_URL" in checks["redis"].text
    assert checks["postgresql"].passed


async def test_a_redis_that_hangs_does_not_delay_the_checks(checked_board, monkeypatch):
    allowed = shorten_timeouts(monkeypatch, "app.storage.redis_client")
    checked_board.valkey.pause()
    try:
        assert await checked_board.failing() == {"redis"}
    finally:
        checked_board.valkey.resume()
    assert 0 < sum(allowed) < 5  # s, over all calls that were waited for


async def test_with_postgresql_down_only_its_check_fails(checked_board, tmp_path):
    checks = await checked_board.run_checks(
        database_url=f"postgresql://me:geheim@/upvote?host={tmp_path}"
    )
    assert {check.name for check in checks.values() if not check.passed} == {"postgresql"}
    assert str(tmp_path) in checks["postgresql"].text
    assert "geheim" not in checks["postgresql"].text


async def test_a_postgresql_that_hangs_does_not_delay_the_checks(checked_board, monkeypatch):
    monkeypatch.setattr("app.operations.doctor.postgresql.TIMEOUT_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://me@127.0.0.1:{silent.getsockname()[1]}/upvote"
        assert await checked_board.failing(database_url=url) == {"postgresql"}
        silent.setblocking(False)
        silent.accept()
        with pytest.raises(BlockingIOError):
            silent.accept()  # there was only one attempt
    assert TIMEOUT_SECONDS < 5


async def test_a_database_without_a_schema_fails_migrations(checked_board):
    url = checked_board.services.settings.database_url.replace("/checked_board?", "/postgres?")
    checks = await checked_board.run_checks(database_url=url)
    assert not checks["migrations"].passed
    assert "Run upvote migrate" in checks["migrations"].text


async def test_missing_and_unknown_migrations_are_named(checked_board):
    await checked_board.services.db.execute(
        "UPDATE schema_migrations SET version = '0000' WHERE version = '0003'"
    )
    assert "0000 applied" in (await checked_board.run_checks())["migrations"].text
    await checked_board.services.db.execute("DELETE FROM schema_migrations WHERE version = '0000'")
    assert "0003 missing. Run upvote migrate." in (await checked_board.run_checks())["migrations"].text
    await checked_board.services.db.execute("INSERT INTO schema_migrations VALUES ('0003')")
    assert await checked_board.failing() == set()


async def test_a_missing_partition_is_named_and_the_worker_makes_it(checked_board):
    month = await checked_board.services.db.fetchval(
        "SELECT to_char((now() AT TIME ZONE 'UTC') + interval '1 month', 'YYYY_MM')"
    )
    await checked_board.services.db.execute(f"DROP TABLE vote_events_{month}")
    checks = await checked_board.run_checks()
    assert "no partition for next month" in checks["partitions"].text
    await checked_board.work()
    assert (await checked_board.run_checks())["partitions"].passed


async def test_a_webhook_that_is_told_the_results_needs_their_address(checked_board):
    async with statements(TOLD_THE_RESULTS, "DELETE FROM webhooks")(checked_board):
        assert await checked_board.failing() == {"links"}
        assert await checked_board.failing(base_url="https://board.example") == set()
        await checked_board.services.db.execute("UPDATE webhooks SET events = '{voting.closed}'")
        assert await checked_board.failing() == set()


async def test_a_worker_that_never_ran_is_reported(checked_board):
    await checked_board.services.redis.delete(keys.METRICS_WORKER)
    checks = await checked_board.run_checks()
    assert "never seen" in checks["worker"].text
    assert "Start upvote worker" in checks["worker"].text


async def test_a_worker_that_has_stopped_is_reported(checked_board):
    for job in ("persist_events", "sync_tallies"):
        await make_old(checked_board, f"{job}:started_at")
        await make_old(checked_board, f"{job}:ended_at")
    checks = await checked_board.run_checks()
    failing = {check.name for check in checks.values() if not check.passed}
    assert failing == {"worker", "persist_events", "sync_tallies"}
    assert "last seen 3 h ago" in checks["worker"].text


async def test_after_a_stop_the_jobs_of_a_worker_that_has_just_started_are_starting(checked_board):
    for job in ("persist_events", "sync_tallies", "reconcile"):
        await make_old(checked_board, f"{job}:started_at")
        await make_old(checked_board, f"{job}:ended_at")
    await record_start(checked_board.services.redis)
    checks = await checked_board.run_checks()
    assert [check.name for check in checks.values() if not check.passed] == []
    assert "starting" in checks["worker"].text
    assert "starting, last run 3 h ago" in checks["reconcile"].text
    await make_old(checked_board, "worker:started_at")  # now they had their time
    assert await checked_board.failing() == {"worker", "persist_events", "sync_tallies", "reconcile"}


async def test_a_shorter_retention_is_no_failure_before_the_worker_had_its_nights(checked_board):
    async with statements(OLD_MONTH, "DROP TABLE vote_events_2020_01")(checked_board):
        check = (await checked_board.run_checks(events_retention=30))["event log"]
    assert check.passed
    assert "1 month to be dropped in the coming nights" in check.text


async def test_a_first_run_that_never_ends_is_reported(checked_board):
    await checked_board.services.redis.hdel(keys.METRICS_WORKER, "reconcile:ended_at")
    await make_old(checked_board, "reconcile:started_at")
    check = (await checked_board.run_checks())["reconcile"]
    assert not check.passed
    assert "first run started 3 h ago" in check.text


async def test_a_job_that_fails_is_reported_with_its_error(checked_board):
    with pytest.raises(ValueError, match="broken"):
        async with record_run(checked_board.services.redis, "sync_tallies"):
            raise ValueError("broken")
    checks = await checked_board.run_checks()
    assert "ValueError('broken')" in checks["sync_tallies"].text
    assert not checks["sync_tallies"].passed


async def test_events_and_changed_projects_that_wait_too_long_are_reported(checked_board):
    board = Board(checked_board.services.db)
    project_id, user = await board.project(), await board.user()
    before = time.time()
    await checked_board.services.batcher.cast(Vote(project_id, user.id, 1))
    checks = await checked_board.run_checks()
    [waited] = re.findall(r"1 waiting, the oldest for ([\d.]+) s", checks["events"].text)
    assert float(waited) <= time.time() - before + 0.1
    assert checks["changed projects"].text.startswith("1 waiting, last sync ")
    await checked_board.work()
    await checked_board.services.redis.delete(keys.events(0))
    await checked_board.services.redis.xadd(keys.events(0), {"vote": "1 1 0 1 1"}, id=f"{2**40}-0")
    await checked_board.services.redis.hset(keys.changed(0), 1, 1)
    await make_old(checked_board, "sync_tallies:ended_at")
    failing = await checked_board.failing()
    await checked_board.services.redis.delete(keys.events(0), keys.changed(0))
    assert failing == {"events", "changed projects", "sync_tallies"}


async def test_a_wrong_number_of_shards_is_reported(checked_board):
    checks = await checked_board.run_checks(vote_shards=2)
    assert not checks["shards"].passed
    assert "VOTE_SHARDS is 2, but the votes in Redis were written with 1" in checks["shards"].text
    assert "run upvote settle with VOTE_SHARDS=1" in checks["shards"].text


async def test_checking_with_a_wrong_number_of_shards_writes_nothing(checked_board):
    before = await checked_board.services.redis.getdel(keys.SHARDS)
    await checked_board.run_checks(vote_shards=2)
    assert await checked_board.services.redis.get(keys.SHARDS) is None
    await checked_board.services.redis.set(keys.SHARDS, before)


@pytest.mark.parametrize(
    ("server_time", "passes"), [(1000.0, True), (1001.9, True), (997.0, False), (1060.0, False)]
)
def test_clocks_may_differ_by_two_seconds(server_time, passes):
    assert clock.compare("redis", 999.9, server_time, 1000.1).passed is passes
    assert clock.compare("redis", 999.9, (int(server_time), 0), 1000.1).passed is passes


def test_an_address_has_no_password():
    assert server_address("redis://:geheim@example.org:6380/1") == "example.org:6380/1"
    assert server_address("postgresql://me:geheim@/upvote?host=/run/pg") == "/run/pg/upvote"


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
def test_a_duration_is_formatted_in_its_largest_unit(seconds, words):
    assert format_duration(seconds) == words


async def make_old(checked_board, field: str) -> None:
    """Change the time that the worker noted to three hours ago."""
    await checked_board.services.redis.hset(keys.METRICS_WORKER, field, f"{time.time() - LONG_AGO:.3f}")
