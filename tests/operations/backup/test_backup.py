"""A board is backed up while it runs, and is restored completely on any server."""

import json
from pathlib import Path

import asyncpg
import pytest

from app.operations.verify.verify import verify
from app.services import open_services
from app.settings import Settings
from app.storage.migrate import migrate
from app.voting.votes import Vote
from tests.commands.run import run_as_process
from tests.commands.run import run_in_process as upvote
from tests.launcher.board import run, served
from tests.ports import free_port
from tests.second_board import assert_succeeded, rows_of
from tests.support import Board

RECEIVER = "https://hooks.example.invalid/in"


async def test_a_restored_board_has_every_row_and_verifies_clean(
    settings: Settings, board: Board, second_board: Settings, tmp_path: Path
):
    project_id, user = await board.project(), await board.user()
    async with open_services(settings) as services:
        await services.batcher.cast(Vote(project_id, user.id, 1))  # waits in Redis
    assert_succeeded(await run_as_process(settings, "backup", str(tmp_path / "backup")))
    modes = {file.name: file.stat().st_mode & 0o777 for file in (tmp_path / "backup").iterdir()}
    assert set(modes.values()) == {0o600}, modes
    assert await board.votes(project_id) == {user.id: 1}  # persisted first
    assert_succeeded(await upvote(second_board, "restore", str(tmp_path / "backup")))
    assert await rows_of(second_board.database_url) == await rows_of(settings.database_url)
    assert_succeeded(await upvote(second_board, "verify"))
    db = await asyncpg.connect(second_board.database_url)
    assert await Board(db).project(user) > project_id  # type: ignore[arg-type]
    await db.close()


async def test_after_a_restore_newer_votes_in_redis_are_ignored(
    settings: Settings, board: Board, second_board: Settings, tmp_path: Path
):
    project_id, user = await board.project(), await board.user()
    assert_succeeded(await upvote(settings, "backup", str(tmp_path / "backup")))
    assert_succeeded(await upvote(second_board, "restore", str(tmp_path / "backup")))
    async with open_services(second_board) as services:
        before = await services.batcher.cast(Vote(project_id, user.id, 1))
    refused = await upvote(second_board, "restore", str(tmp_path / "backup"))
    assert (refused.returncode, "--replace" in refused.stderr) == (1, True)
    assert_succeeded(await upvote(second_board, "restore", "--replace", str(tmp_path / "backup")))
    async with open_services(second_board) as services:
        answer = await services.batcher.cast(Vote(project_id, user.id, 0))
    assert (answer.value, answer.tally.upvotes) == (0, 0)
    assert answer.tally.version > before.tally.version
    assert_succeeded(await upvote(second_board, "verify"))


async def test_after_settle_a_board_continues_with_another_number_of_shards(
    second_board: Settings,
):
    migrate(second_board)
    async with open_services(second_board) as services:
        board = Board(services.db)
        user, other = await board.users(2)
        projects = [await board.project(user) for _ in range(3)]
        before = [await services.batcher.cast(Vote(p, user.id, 1)) for p in projects]
    assert_succeeded(await upvote(second_board, "settle"))
    sharded = second_board.model_copy(update={"vote_shards": 3})
    async with open_services(sharded) as services:
        for project_id, first in zip(projects, before, strict=True):
            answer = await services.batcher.cast(Vote(project_id, other.id, 1))
            assert (answer.tally.upvotes, answer.tally.version) == (2, first.tally.version + 1)
        report = await verify(services)
    assert (report.findings, report.windows) == ([], [])


async def test_settle_refuses_a_running_board(settings: Settings, board: Board):
    await board.user()  # whatever runs is connected
    refused = await upvote(settings, "settle")
    assert (refused.returncode, "is connected" in refused.stderr) == (1, True)


async def test_restore_refuses_a_running_board(
    settings: Settings, board: Board, second_board: Settings, tmp_path: Path
):
    await board.user()  # whatever runs is connected
    assert_succeeded(await upvote(settings, "backup", str(tmp_path / "backup")))
    refused = await upvote(settings, "restore", "--replace", str(tmp_path / "backup"))
    assert (refused.returncode, "is connected" in refused.stderr) == (1, True)


async def test_an_incomplete_backup_is_refused(
    second_board: Settings, settings: Settings, tmp_path: Path
):
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "users.copy.gz").touch()
    refused = await upvote(second_board, "restore", str(tmp_path / "half"))
    assert "not a complete backup" in refused.stderr
    refused = await upvote(settings, "backup", str(tmp_path / "half"))
    assert "not empty" in refused.stderr


async def test_a_backup_of_a_newer_version_is_refused(
    settings: Settings, second_board: Settings, tmp_path: Path
):
    assert_succeeded(await upvote(settings, "backup", str(tmp_path / "backup")))
    file = tmp_path / "backup" / "backup.json"
    description = json.loads(file.read_text())
    description["migrations"].append("9999")
    file.write_text(json.dumps(description))
    refused = await upvote(second_board, "restore", str(tmp_path / "backup"))
    assert (refused.returncode, "newer Upvote" in refused.stderr) == (1, True)


@pytest.mark.long
def test_an_embedded_board_is_backed_up_wiped_and_restored(tmp_path: Path):
    place, kept = tmp_path / "board", str(tmp_path / "kept")
    place.mkdir()
    with served(place, "--demo") as board:
        assert_succeeded(run("webhook", "add", RECEIVER, DATA_DIR=str(place)))
        assert_succeeded(run("backup", kept, DATA_DIR=str(place)))
        secret = (place / "secret_key").read_text()
        refused = run("restore", "--replace", kept, DATA_DIR=str(place))
        assert "another upvote command" in refused.stderr
        board.press_ctrl_c()
        board.wait_for_end()
    place.rename(tmp_path / "wiped")
    place.mkdir()
    assert_succeeded(run("restore", kept, DATA_DIR=str(place)))
    assert (place / "secret_key").read_text() == secret
    # A copy must not send events, so its webhooks are removed before it starts.
    assert RECEIVER in run("webhook", "list", DATA_DIR=str(place)).stdout
    assert_succeeded(run("webhook", "remove", "1", DATA_DIR=str(place)))
    with served(place) as board:
        verified = run("verify", DATA_DIR=str(place), PORT=str(free_port()))
        assert_succeeded(verified)
        assert "84 projects" in verified.stdout
