"""A board is moved to other servers completely, or not at all."""

import asyncio
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from app.errors import OperatorError
from app.operations.backup import stopped
from app.operations.backup.backup import backup
from app.operations.backup.move import move as run_move
from app.operations.backup.restore import restore
from app.operations.backup.settle import settle
from app.services import open_services
from app.settings import Settings
from app.storage.connections import open_database
from app.storage.migrate import migrate
from app.voting import keys
from app.voting.votes import Vote
from tests.commands.run import run_in_process as upvote
from tests.commands.run import variables
from tests.conftest import SECRET
from tests.launcher.board import run, served
from tests.second_board import assert_succeeded, rows_of
from tests.servers import start_postgres, start_valkey
from tests.support import Board
from tests.waiting import COMMAND_CEILING


def urls(target: Settings) -> dict[str, str | None]:
    return {"NEW_DATABASE_URL": target.database_url, "NEW_REDIS_URL": target.redis_url}


async def move(source: Settings, target: Settings) -> subprocess.CompletedProcess[str]:
    return await upvote(source, "move", **urls(target))


async def move_as_process(source: Settings, target: Settings) -> subprocess.CompletedProcess[str]:
    """Move in a process of its own."""
    return await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "app.commands", "move"],
        env=variables(source, **urls(target)),
        capture_output=True,
        text=True,
        timeout=COMMAND_CEILING,
    )


async def test_every_row_and_every_waiting_vote_is_moved(second_board: Settings, target: Settings):
    migrate(second_board)
    async with open_services(second_board) as services:
        board = Board(services.db)
        project_id, cold, user = await board.project(), await board.project(), await board.user()
        before = await services.batcher.cast(Vote(project_id, user.id, 1))  # waits in Redis
        await services.metrics.read()
    moved = await move_as_process(second_board, target)
    assert_succeeded(moved)
    print(moved.stderr)  # for a failure below
    assert "1 projects are cached in the new Redis;\nverified 1 events" in moved.stdout
    assert "SECRET_KEY" in moved.stdout
    assert SECRET not in moved.stdout
    assert await rows_of(target.database_url) == await rows_of(second_board.database_url)
    async with open_services(target) as services:
        assert (await services.functions.read([project_id, cold])).keys() == {project_id}
        assert (await services.redis.hgetall(keys.METRICS))[b"votes"] == b"1"
        answer = await services.batcher.cast(Vote(project_id, user.id, 0))
        assert (answer.value, answer.tally.version) == (0, before.tally.version + 1)
    verified = await upvote(target, "verify")
    assert_succeeded(verified)
    assert "note" not in verified.stdout  # nothing was lost
    assert (await move(second_board, target)).returncode == 1


async def test_a_target_that_is_not_empty_is_refused(second_board: Settings, target: Settings):
    migrate(second_board)
    migrate(target)
    async with open_services(target) as services:
        await services.redis.set("somebody", "is here")
        refused = await move(second_board, target)
        assert (refused.returncode, "is not empty (1 keys)" in refused.stderr) == (1, True)
        await services.redis.delete("somebody")
        await Board(services.db).user()
    refused = await move(second_board, target)
    assert (refused.returncode, "the new database already has a board" in refused.stderr) == (1, True)


async def test_a_running_board_is_not_moved(settings: Settings, board: Board, target: Settings):
    await board.user()  # somebody is connected
    refused = await move(settings, target)
    assert (refused.returncode, "stop both first" in refused.stderr) == (1, True)


@pytest.mark.parametrize(
    ("command", "last_step"),
    [("move", "_warm"), ("settle", "empty_redis"), ("restore", "empty_redis")],
)
async def test_a_web_process_that_was_started_meanwhile_is_noticed_at_the_end(
    second_board: Settings, target: Settings, tmp_path: Path, monkeypatch, command, last_step
):
    """As by the socket unit of systemd: votes would stay on the servers that are left."""
    monkeypatch.setattr(stopped, "TIMEOUT_SECONDS", 0.5)
    migrate(second_board)
    await backup(second_board, tmp_path / "copy")
    module = importlib.import_module(f"app.operations.backup.{command}")
    step, web = getattr(module, last_step), await open_database(second_board)

    async def start_web_before(*given):
        await web.fetchval("SELECT 1")
        return await step(*given)

    monkeypatch.setattr(module, last_step, start_web_before)
    work = {
        "move": lambda: run_move(second_board, target),
        "settle": lambda: settle(second_board),
        "restore": lambda: restore(second_board, tmp_path / "copy", replace=True),
    }
    with pytest.raises(OperatorError, match=r"was started meanwhile.*upvote-web\.socket"):
        await work[command]()
    web.terminate()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"database_url": "postgresql://me@127.0.0.1:1/x"}, "new PostgreSQL does not answer"),
        ({"redis_url": "redis://127.0.0.1:1/0"}, "new Redis does not answer"),
    ],
)
async def test_a_target_that_does_not_answer_is_refused_before_anything_is_done(
    second_board: Settings, target: Settings, change: dict[str, str], said: str
):
    migrate(second_board)
    with pytest.raises(OperatorError, match=said):
        await run_move(second_board, target.model_copy(update=change))


async def test_an_invalid_new_url_is_named_as_the_new_one(settings: Settings, target: Settings):
    refused = await move(settings, target.model_copy(update={"redis_url": "http://127.0.0.1"}))
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert "the new REDIS_URL: must look like redis://" in refused.stderr


@pytest.mark.long
def test_an_embedded_board_moves_to_other_servers(tmp_path: Path):
    place, there = tmp_path / "board", tmp_path / "there"
    place.mkdir()
    with (
        start_postgres(there) as postgres,
        start_valkey(there) as valkey,
        served(place, "--demo") as board,
    ):
        new = {"NEW_DATABASE_URL": postgres.url, "NEW_REDIS_URL": valkey.url}
        refused = run("move", DATA_DIR=str(place), **new)
        assert "another upvote command" in refused.stderr
        board.press_ctrl_c()
        board.wait_for_end()
        moved = run("move", DATA_DIR=str(place), **new)
        assert_succeeded(moved)
        assert f"the content of {place / 'secret_key'}" in moved.stdout
        moved_to = {"DATABASE_URL": postgres.url, "REDIS_URL": valkey.url}
        verified = run("verify", **moved_to, SECRET_KEY=(place / "secret_key").read_text())
        assert_succeeded(verified)
        assert "84 projects" in verified.stdout
