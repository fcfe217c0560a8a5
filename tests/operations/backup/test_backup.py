"""A board is backed up while it runs, and comes back whole, wherever it comes back."""

import json
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from app.operations.backup.queries import select_tables
from app.operations.verify.verify import verify
from app.services import open_services
from app.settings import Settings
from app.storage.connections import open_redis
from app.storage.migrate import migrate
from app.voting.votes import Vote
from tests.commands.inside import run_inside as upvote
from tests.commands.test_commands import run_outside
from tests.launcher.board import free_port, run, served
from tests.support import Board


@pytest.fixture
async def elsewhere(settings: Settings, tmp_path: Path):
    """A database that is not there yet, and a Redis of its own."""
    async with another_board(settings, f"elsewhere_{tmp_path.name}", 1) as there:
        yield there


@asynccontextmanager
async def another_board(settings: Settings, name: str, redis: int) -> AsyncIterator[Settings]:
    """On the same servers, with another database and another number of Redis; gone afterwards."""
    name = name.replace("-", "_")
    url = (settings.database_url or "").replace("/upvote?", f"/{name}?")
    redis_url = f"{settings.redis_url}?db={redis}"
    there = settings.model_copy(update={"database_url": url, "redis_url": redis_url})
    yield there
    client = open_redis(there)
    await client.flushdb()
    await client.aclose()
    connection = await asyncpg.connect(settings.database_url)
    await connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    await connection.close()


async def rows_of(url: str | None) -> dict[str, list]:
    """Every row of every table, but for the epochs, which a restore changes."""
    db = await asyncpg.connect(url)
    try:
        tables = set(await select_tables(db)) - {"stream_checkpoints", "shard_epochs"}
        return {t: await db.fetch(f"SELECT * FROM {t} ORDER BY 1, 2") for t in sorted(tables)}  # noqa: S608
    finally:
        await db.close()


async def test_a_restored_board_has_every_row_and_verifies_clean(
    settings: Settings, board: Board, elsewhere: Settings, tmp_path: Path
):
    project_id, user = await board.project(), await board.user()
    async with open_services(settings) as services:
        await services.batcher.cast(Vote(project_id, user.id, 1))  # waits in Redis
    assert_went_well(await run_outside(settings, "backup", str(tmp_path / "backup")))
    assert await board.votes(project_id) == {user.id: 1}  # persisted first
    assert_went_well(await upvote(elsewhere, "restore", str(tmp_path / "backup")))
    assert await rows_of(elsewhere.database_url) == await rows_of(settings.database_url)
    assert_went_well(await upvote(elsewhere, "verify"))
    db = await asyncpg.connect(elsewhere.database_url)
    assert await Board(db).project(user) > project_id  # type: ignore[arg-type]
    await db.close()


async def test_a_redis_that_knows_more_than_the_backup_is_not_believed(
    settings: Settings, board: Board, elsewhere: Settings, tmp_path: Path
):
    project_id, user = await board.project(), await board.user()
    assert_went_well(await upvote(settings, "backup", str(tmp_path / "backup")))
    assert_went_well(await upvote(elsewhere, "restore", str(tmp_path / "backup")))
    async with open_services(elsewhere) as services:
        before = await services.batcher.cast(Vote(project_id, user.id, 1))
    refused = await upvote(elsewhere, "restore", str(tmp_path / "backup"))
    assert (refused.returncode, "--replace" in refused.stderr) == (1, True)
    assert_went_well(await upvote(elsewhere, "restore", "--replace", str(tmp_path / "backup")))
    async with open_services(elsewhere) as services:
        answer = await services.batcher.cast(Vote(project_id, user.id, 0))
    assert (answer.value, answer.tally.upvotes) == (0, 0)
    assert answer.tally.version > before.tally.version
    assert_went_well(await upvote(elsewhere, "verify"))


async def test_after_settling_another_number_of_shards_goes_on_where_the_board_was(
    elsewhere: Settings,
):
    migrate(elsewhere)
    async with open_services(elsewhere) as services:
        board = Board(services.db)
        user, other = await board.users(2)
        projects = [await board.project(user) for _ in range(3)]
        before = [await services.batcher.cast(Vote(p, user.id, 1)) for p in projects]
    assert_went_well(await upvote(elsewhere, "settle"))
    sharded = elsewhere.model_copy(update={"vote_shards": 3})
    async with open_services(sharded) as services:
        for project_id, told in zip(projects, before, strict=True):
            answer = await services.batcher.cast(Vote(project_id, other.id, 1))
            assert (answer.tally.upvotes, answer.tally.version) == (2, told.tally.version + 1)
        report = await verify(services)
    assert (report.findings, report.windows) == ([], [])


async def test_a_board_that_runs_is_not_settled(settings: Settings, board: Board):
    refused = await upvote(settings, "settle")
    assert (refused.returncode, "is connected" in refused.stderr) == (1, True)


async def test_a_board_that_runs_is_not_overwritten(
    settings: Settings, elsewhere: Settings, tmp_path: Path
):
    assert_went_well(await upvote(settings, "backup", str(tmp_path / "backup")))
    refused = await upvote(settings, "restore", "--replace", str(tmp_path / "backup"))
    assert (refused.returncode, "is connected" in refused.stderr) == (1, True)


async def test_what_is_no_whole_backup_is_refused(
    elsewhere: Settings, settings: Settings, tmp_path: Path
):
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "users.copy.gz").touch()
    refused = await upvote(elsewhere, "restore", str(tmp_path / "half"))
    assert "no whole backup" in refused.stderr
    refused = await upvote(settings, "backup", str(tmp_path / "half"))
    assert "not empty" in refused.stderr


async def test_a_backup_of_a_newer_version_is_refused(
    settings: Settings, elsewhere: Settings, tmp_path: Path
):
    assert_went_well(await upvote(settings, "backup", str(tmp_path / "backup")))
    file = tmp_path / "backup" / "backup.json"
    description = json.loads(file.read_text())
    description["migrations"].append("9999")
    file.write_text(json.dumps(description))
    refused = await upvote(elsewhere, "restore", str(tmp_path / "backup"))
    assert (refused.returncode, "newer Upvote" in refused.stderr) == (1, True)


@pytest.mark.long
def test_an_embedded_board_is_backed_up_wiped_and_restored(tmp_path: Path):
    place, kept = tmp_path / "board", str(tmp_path / "kept")
    place.mkdir()
    with served(place, "--demo") as board:
        assert_went_well(run("backup", kept, DATA_DIR=str(place)))
        secret = (place / "secret_key").read_text()
        refused = run("restore", "--replace", kept, DATA_DIR=str(place))
        assert "another upvote serve" in refused.stderr
        board.press_ctrl_c()
        board.wait_for_end()
    place.rename(tmp_path / "wiped")
    place.mkdir()
    assert_went_well(run("restore", kept, DATA_DIR=str(place)))
    assert (place / "secret_key").read_text() == secret
    with served(place) as board:
        verified = run("verify", DATA_DIR=str(place), PORT=str(free_port()))
        assert_went_well(verified)
        assert "84 projects" in verified.stdout


def assert_went_well(result: subprocess.CompletedProcess[str]) -> None:
    assert result.returncode == 0, result.stdout + result.stderr
