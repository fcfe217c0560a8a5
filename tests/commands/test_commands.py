"""What the operator's commands print, and their exit codes."""

import asyncio
import os
import subprocess
import sys
from dataclasses import replace
from unittest.mock import AsyncMock

import pytest

from app.errors import OperatorError
from app.operations.doctor.run_checks import run_checks
from app.storage import schema
from app.storage.migrate import migrate
from app.storage.schema import schema_problem
from app.voting import keys
from tests.commands.run import run_as_process, run_in_process
from tests.operations.verify.own_board import OwnBoard
from tests.waiting import COMMAND_CEILING


@pytest.fixture
async def project(own_board):
    project_id, users = await own_board.voted(1, 1, -1)
    yield project_id, users
    await own_board.remove(project_id)


async def run(own_board: OwnBoard, *words: str) -> subprocess.CompletedProcess[str]:
    """Run `upvote WORDS` with the settings of `own_board`."""
    return await run_in_process(own_board.services.settings, *words)


async def test_verify_exits_with_0_and_a_summary_if_all_agree(own_board, project):
    result = await run_as_process(own_board.services.settings, "verify")
    assert (result.returncode, result.stderr) == (0, "")
    assert (
        result.stdout.splitlines()[-1] == "verified 3 events, 3 votes, 1 projects, 1 cached: all agree"
    )


async def test_verify_and_reconcile_exit_with_1_on_a_difference_and_change_nothing(own_board, project):
    await own_board.execute("UPDATE projects SET upvotes = 5 WHERE id = $1", project[0])
    before = await own_board.everything()
    for command in ("verify", "reconcile"):
        result = await run(own_board, command)
        assert result.returncode == 1
        *_, line, summary = result.stdout.splitlines()
        assert line.startswith(f"differs: project {project[0]}: projects has 5 up, 1 down at version 3")
        assert summary.endswith("1 cached: 1 difference")
    assert await own_board.everything() == before


async def test_reconcile_repairs_and_exits_with_0(own_board, project):
    await own_board.execute("UPDATE projects SET upvotes = 5 WHERE id = $1", project[0])
    result = await run(own_board, "reconcile", "--repair")
    assert result.returncode == 0
    assert "tally repaired" in result.stdout  # the log
    assert f"repaired: project {project[0]}: projects has 5 up" in result.stdout
    assert result.stdout.splitlines()[-1] == "all repaired"
    assert await own_board.synced(project[0]) == (2, 1, 3)
    drift = await own_board.services.redis.hgetall(keys.METRICS_WORKER)
    assert (drift[b"drift:found"], drift[b"drift:remaining"]) == (b"1", b"0")


async def test_reconcile_prints_what_it_cannot_repair_and_exits_with_1(own_board, project):
    await own_board.execute("DELETE FROM vote_events WHERE project_id = $1 AND version = 2", project[0])
    result = await run(own_board, "reconcile", "--repair")
    assert result.returncode == 1
    assert "cannot be repaired: the event log is never rewritten" in result.stdout
    assert result.stdout.splitlines()[-1] == "2 differences remaining"


PRINT_NICENESS = """
import os
from app import commands
commands.cli = lambda: print(os.getpriority(os.PRIO_PROCESS, 0))
commands.main()
"""


@pytest.mark.parametrize(
    ("command", "more"), [("verify", 10), ("backup", 10), ("serve", 0), ("web", 0), ("worker", 0)]
)
def test_commands_let_what_serves_people_go_first(command, more):
    done = subprocess.run(
        [sys.executable, "-c", PRINT_NICENESS, command],
        timeout=COMMAND_CEILING, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert int(done.stdout) == min(19, os.getpriority(os.PRIO_PROCESS, 0) + more)


def test_commands_load_neither_a_web_framework_nor_an_http_client():
    """Quart would take a third of the time that they need to start, and httpcore2 some more."""
    used = [
        f"app.operations.{part}" for part in ("verify.verify", "doctor.run_checks", "backup.backup")
    ]
    assert loaded({"quart", "httpcore2", "jwt.api_jwt"}, *used) == set()


def test_the_worker_loads_no_web_framework_and_no_mail_client():
    heavy = {"quart", "PIL", "werkzeug", "jinja2", "argon2", "aiosmtplib", "httpcore2", "jwt.api_jwt"}
    heavy |= {"snowballstemmer", "joserfc"}
    assert loaded(heavy, "workers.main") == set()


def test_the_parent_of_the_web_processes_loads_neither_settings_nor_a_driver():
    heavy = {"pydantic", "pydantic_settings", "asyncpg", "redis", "quart", "jinja2"}
    assert loaded(heavy, "app.server.web", "app.server.web_processes") == set()
    assert (
        loaded({"uvicorn"}, "app.server.web") == set()
    )  # `upvote web` loads it before it becomes that


def loaded(heavy: set[str], *modules: str) -> set[str]:
    """Return those of `heavy` that a process has loaded with these modules."""
    program = f"import sys, {', '.join(modules)}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program],
        timeout=COMMAND_CEILING,
        capture_output=True,
        text=True,
        check=True,
    )
    return heavy & set(done.stdout.split())


async def test_rebuild_warms_the_cache(own_board, project):
    other, _ = await own_board.voted(1)
    await own_board.make_cold(project[0])
    await own_board.make_cold(other)
    result = await run(own_board, "rebuild", "--most", "1")
    assert (result.returncode, result.stdout) == (
        0,
        "projects loaded into Redis: 1, already there: 0\n",
    )
    assert (await own_board.services.functions.read([project[0], other])).keys() == {other}
    result = await run(own_board, "rebuild")
    assert result.stdout == "projects loaded into Redis: 1, already there: 1\n"
    states = await own_board.services.functions.read([project[0]])
    assert states[project[0]].tally == (2, 1, 3)
    await own_board.remove(other)


async def test_doctor_prints_a_line_for_each_check_and_exits_with_1_if_one_fails(own_board):
    await own_board.services.redis.config_set("maxmemory-policy", "volatile-lru")
    result = await run(own_board, "doctor")
    await own_board.services.redis.config_set("maxmemory-policy", "noeviction")
    assert result.returncode == 1
    lines = result.stdout.splitlines()
    assert all(line.startswith(("ok   ", "FAIL ")) for line in lines)
    assert "ok   appendonly: yes" in lines
    assert any(
        line.startswith("FAIL maxmemory-policy: volatile-lru, so Redis may evict votes")
        for line in lines
    )


async def test_without_servers_doctor_fails_and_other_commands_print_one_line(own_board, tmp_path):
    nowhere = own_board.services.settings.model_copy(
        update={
            "database_url": f"postgresql://me@/upvote?host={tmp_path}",
            "redis_url": f"unix://{tmp_path}/none.sock",
        }
    )
    doctor, reconcile = (
        await run_in_process(nowhere, "doctor"),
        await run_in_process(nowhere, "reconcile"),
    )
    processes = [run_as_process(nowhere, command) for command in ("verify", "rebuild")]
    assert doctor.returncode == 1
    failing = [line.split(":")[0] for line in doctor.stdout.splitlines() if line.startswith("FAIL")]
    assert failing[-2:] == ["FAIL redis", "FAIL postgresql"]
    for result in (reconcile, *await asyncio.gather(*processes)):
        assert (result.returncode, result.stdout) == (1, "")
        assert len(result.stderr.splitlines()) == 1


def elsewhere(own_board: OwnBoard, change: tuple[str, str]) -> OwnBoard:
    """Return `own_board` with another DATABASE_URL."""
    settings = own_board.services.settings
    changed = settings.model_copy(update={"database_url": settings.database_url.replace(*change)})
    return OwnBoard(replace(own_board.services, settings=changed), own_board.board)


@pytest.mark.parametrize(
    ("change", "advice"),
    [
        (("//postgres@", "//nobody@"), "orrect the user and the password in DATABASE_URL"),
        (("/verified_", "/nowhere_"), "un upvote migrate"),
    ],
)
async def test_a_refused_role_or_a_missing_database_gets_advice(own_board, change, advice):
    wrong = elsewhere(own_board, change)
    checks = {check.name: check for check in await run_checks(wrong.services.settings)}
    assert advice in checks["postgresql"].text
    assert checks["appendonly"].passed  # the other checks run nevertheless
    result = await run(wrong, "user", "create", "abc", "--password", "long enough")
    assert (result.returncode, len(result.stderr.splitlines())) == (1, 1)
    assert "upvote migrate" in result.stderr or "DATABASE_URL" in result.stderr


async def test_a_role_without_permissions_gets_advice(own_board):
    await own_board.execute("CREATE ROLE poor LOGIN")
    try:
        poor = elsewhere(own_board, ("//postgres@", "//poor@")).services.settings
        checks = {check.name: check for check in await run_checks(poor)}
        assert "Make the role in DATABASE_URL the owner of the database" in checks["migrations"].text
        assert checks["appendonly"].passed
        nowhere = elsewhere(own_board, ("//postgres@/", "//poor@/nowhere_")).services.settings
        with pytest.raises(OperatorError, match="CREATE DATABASE name OWNER role"):
            await asyncio.to_thread(migrate, nowhere)
    finally:
        await own_board.execute("DROP ROLE poor")


async def test_a_bug_in_the_checks_of_a_server_is_one_failed_check(own_board, monkeypatch):
    async def broken(*_: object) -> None:
        raise ZeroDivisionError("unexpected")

    monkeypatch.setattr("app.operations.doctor.run_checks.postgresql.check_postgresql", broken)
    checks = {check.name: check for check in await run_checks(own_board.services.settings)}
    assert "unexpected" in checks["postgresql"].text
    assert checks["redis"].passed


async def test_a_missing_or_older_schema_is_reported(own_board, monkeypatch):
    settings = own_board.services.settings
    assert await asyncio.to_thread(schema_problem, settings) is None
    await own_board.execute("DELETE FROM schema_migrations WHERE version = '0030'")
    assert "lacks 0030: run upvote migrate" in (await asyncio.to_thread(schema_problem, settings) or "")
    with monkeypatch.context() as patch:  # the question for a pooler fails, and hides nothing
        patch.setattr(schema, "is_transaction_pooler", AsyncMock(side_effect=TimeoutError))
        assert "lacks 0030" in (await asyncio.to_thread(schema_problem, settings) or "")
    await own_board.execute("INSERT INTO schema_migrations VALUES ('0030')")
    for change, expected in (
        (("/verified_", "/nowhere_"), "does not exist"),
        (("@/", "@127.0.0.1:1/"), None),
    ):
        problem = await asyncio.to_thread(
            schema_problem, elsewhere(own_board, change).services.settings
        )
        assert (expected in problem) if expected else problem is None
