"""The operator's commands from outside: what they print, how they exit."""

import asyncio
import subprocess
import sys
from dataclasses import replace

import pytest

from app.errors import OperatorError
from app.operations.doctor.run_checks import run_checks
from app.settings import Settings
from app.storage.migrate import migrate
from app.storage.schema import schema_trouble
from app.voting import keys
from tests.commands.inside import run_inside, variables
from tests.operations.verify.house import House
from tests.waiting import CEILING


@pytest.fixture
async def project(house):
    project_id, users = await house.voted(1, 1, -1)
    yield project_id, users
    await house.remove(project_id)


async def run(house: House, *words: str) -> subprocess.CompletedProcess[str]:
    """`upvote WORDS` with the settings of the house."""
    return await run_inside(house.services.settings, *words)


async def run_outside(settings: Settings, *words: str) -> subprocess.CompletedProcess[str]:
    """The same as a process."""
    return await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "app.commands", *words],
        env=variables(settings),
        capture_output=True,
        text=True,
        timeout=CEILING,
        check=False,
    )


async def test_verify_ends_with_0_and_a_summary_when_all_agree(house, project):
    result = await run_outside(house.services.settings, "verify")
    assert (result.returncode, result.stderr) == (0, "")
    assert (
        result.stdout.splitlines()[-1] == "verified 3 events, 3 votes, 1 projects, 1 cached: all agree"
    )


async def test_verify_and_reconcile_end_with_1_on_a_difference_and_change_nothing(house, project):
    await house.execute("UPDATE projects SET upvotes = 5 WHERE id = $1", project[0])
    before = await house.everything()
    for command in ("verify", "reconcile"):
        result = await run(house, command)
        assert result.returncode == 1
        *_, line, summary = result.stdout.splitlines()
        assert line.startswith(f"differs: project {project[0]}: projects has 5 up, 1 down at version 3")
        assert summary.endswith("1 cached: 1 difference")
    assert await house.everything() == before


async def test_reconcile_repairs_and_ends_with_0(house, project):
    await house.execute("UPDATE projects SET upvotes = 5 WHERE id = $1", project[0])
    result = await run(house, "reconcile", "--repair")
    assert result.returncode == 0
    assert "tally repaired" in result.stdout  # the log
    assert f"repaired: project {project[0]}: projects has 5 up" in result.stdout
    assert result.stdout.splitlines()[-1] == "all repaired"
    assert await house.synced(project[0]) == (2, 1, 3)
    drift = await house.services.redis.hgetall(keys.METRICS_WORKER)
    assert (drift[b"drift:found"], drift[b"drift:remaining"]) == (b"1", b"0")


async def test_reconcile_says_what_it_cannot_repair_and_ends_with_1(house, project):
    await house.execute("DELETE FROM vote_events WHERE project_id = $1 AND version = 2", project[0])
    result = await run(house, "reconcile", "--repair")
    assert result.returncode == 1
    assert "cannot be repaired: the event log is never rewritten" in result.stdout
    assert result.stdout.splitlines()[-1] == "2 differences remaining"


async def test_rebuild_warms_the_cache(house, project):
    other, _ = await house.voted(1)
    await house.forget(project[0])
    await house.forget(other)
    result = await run(house, "rebuild", "--most", "1")
    assert (result.returncode, result.stdout) == (0, "rebuilt 1 projects, 0 were cached already\n")
    assert (await house.services.functions.read([project[0], other])).keys() == {other}
    result = await run(house, "rebuild")
    assert result.stdout == "rebuilt 1 projects, 1 were cached already\n"
    standings = await house.services.functions.read([project[0]])
    assert standings[project[0]].tally == (2, 1, 3)
    await house.remove(other)


async def test_doctor_prints_a_line_a_check_and_ends_with_1_on_a_problem(house):
    await house.services.redis.config_set("maxmemory-policy", "volatile-lru")
    result = await run(house, "doctor")
    await house.services.redis.config_set("maxmemory-policy", "noeviction")
    assert result.returncode == 1
    lines = result.stdout.splitlines()
    assert all(line.startswith(("ok   ", "FAIL ")) for line in lines)
    assert "ok   appendonly: yes" in lines
    assert any(line.startswith("FAIL maxmemory-policy: volatile-lru. ") for line in lines)


async def test_without_servers_doctor_says_so_and_the_others_give_one_line(house, tmp_path):
    nowhere = house.services.settings.model_copy(
        update={
            "database_url": f"postgresql://me@/upvote?host={tmp_path}",
            "redis_url": f"unix://{tmp_path}/none.sock",
        }
    )
    doctor, reconcile = await run_inside(nowhere, "doctor"), await run_inside(nowhere, "reconcile")
    processes = [run_outside(nowhere, command) for command in ("verify", "rebuild")]
    assert doctor.returncode == 1
    failing = [line.split(":")[0] for line in doctor.stdout.splitlines() if line.startswith("FAIL")]
    assert failing[-2:] == ["FAIL redis", "FAIL postgresql"]
    for result in (reconcile, *await asyncio.gather(*processes)):
        assert (result.returncode, result.stdout) == (1, "")
        assert len(result.stderr.splitlines()) == 1


def elsewhere(house: House, change: tuple[str, str]) -> House:
    """The house as one sees it who has another DATABASE_URL."""
    settings = house.services.settings
    changed = settings.model_copy(update={"database_url": settings.database_url.replace(*change)})
    return House(replace(house.services, settings=changed), house.board)


@pytest.mark.parametrize(
    ("change", "advice"),
    [
        (("//postgres@", "//nobody@"), "orrect the user and the password in DATABASE_URL"),
        (("/audited_", "/nowhere_"), "un upvote migrate"),
    ],
)
async def test_a_database_that_does_not_let_us_in_or_is_not_there_gets_advice(house, change, advice):
    wrong = elsewhere(house, change)
    checks = {check.name: check for check in await run_checks(wrong.services.settings)}
    assert advice in checks["postgresql"].text
    assert checks["appendonly"].well  # the rest is looked at all the same
    result = await run(wrong, "user", "create", "abc", "--password", "long enough")
    assert (result.returncode, len(result.stderr.splitlines())) == (1, 1)
    assert "upvote migrate" in result.stderr or "DATABASE_URL" in result.stderr


async def test_a_role_without_rights_gets_advice(house):
    await house.execute("CREATE ROLE poor LOGIN")
    try:
        poor = elsewhere(house, ("//postgres@", "//poor@")).services.settings
        checks = {check.name: check for check in await run_checks(poor)}
        assert "Let the role of DATABASE_URL own the database" in checks["migrations"].text
        assert checks["appendonly"].well
        nowhere = elsewhere(house, ("//postgres@/", "//poor@/nowhere_")).services.settings
        with pytest.raises(OperatorError, match="CREATE DATABASE name OWNER role"):
            await asyncio.to_thread(migrate, nowhere)
    finally:
        await house.execute("DROP ROLE poor")


async def test_an_examination_that_fails_costs_one_line(house, monkeypatch):
    async def broken(_: object) -> None:
        raise ZeroDivisionError("nobody thought of it")

    monkeypatch.setattr("app.operations.doctor.run_checks.postgresql.examine", broken)
    checks = {check.name: check for check in await run_checks(house.services.settings)}
    assert "nobody thought of it" in checks["postgresql"].text
    assert checks["redis"].well


async def test_a_schema_that_is_missing_or_older_is_told(house):
    settings = house.services.settings
    assert await asyncio.to_thread(schema_trouble, settings) is None
    await house.execute("DELETE FROM schema_migrations WHERE version = '0030'")
    assert "lacks 0030: run upvote migrate" in (await asyncio.to_thread(schema_trouble, settings) or "")
    await house.execute("INSERT INTO schema_migrations VALUES ('0030')")
    for change, said in (
        (("/audited_", "/nowhere_"), "no such database"),
        (("@/", "@127.0.0.1:1/"), None),
    ):
        trouble = await asyncio.to_thread(schema_trouble, elsewhere(house, change).services.settings)
        assert (said in trouble) if said else trouble is None
