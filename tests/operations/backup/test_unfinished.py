"""A backup or a move that fails, or is stopped, leaves no files behind."""

import asyncio
import errno
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from app.operations.backup import queries
from app.operations.backup.move import PREFIX, remove_left_copies
from app.settings import Settings, load_settings
from app.storage.migrate import migrate
from tests.commands.run import run_in_process as upvote
from tests.commands.run import variables
from tests.deploy.conftest import ROOT
from tests.second_board import another_board
from tests.waiting import CEILING, until


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


# Where nohup or a script's & runs the tests, SIGHUP or SIGINT is ignored, and a command leaves it so.
MOVE = """
import signal
signal.signal(signal.SIGHUP, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.{interrupt})
from app.commands import main
main()
"""


def start_move(environ: dict[str, str], interrupt: str) -> subprocess.Popen[bytes]:
    program = MOVE.format(interrupt=interrupt)
    return subprocess.Popen([sys.executable, "-c", program, "move"], env=environ)


async def test_a_backup_on_a_full_disk_leaves_nothing(
    second_board: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    migrate(second_board)
    copy_out, copied = queries.copy_out, []

    async def fail_at_the_third(db, table, *rest):
        copied.append(table)
        if len(copied) == 3:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return await copy_out(db, table, *rest)

    monkeypatch.setattr(queries, "copy_out", fail_at_the_third)
    result = await upvote(second_board, "backup", str(tmp_path / "backup"))
    assert (result.returncode, "a disk is full" in result.stderr) == (1, True), result.stderr
    assert names(tmp_path / "backup") == []


async def test_a_backup_does_not_touch_the_files_of_another_one(second_board: Settings, tmp_path: Path):
    migrate(second_board)
    (tmp_path / "backup.json.new").touch()  # it has just begun
    result = await upvote(second_board, "backup", str(tmp_path))
    assert (result.returncode, "is not empty" in result.stderr) == (1, True)
    assert names(tmp_path) == ["backup.json.new"]


@pytest.mark.parametrize("interrupt", ["default_int_handler", "SIG_IGN"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=["SIGTERM", "SIGHUP"])
async def test_a_move_that_is_stopped_leaves_nothing(
    settings: Settings, second_board: Settings, tmp_path: Path, number: signal.Signals, interrupt: str
):
    migrate(second_board)
    db = await asyncpg.connect(second_board.database_url)
    async with another_board(settings, f"to_{tmp_path.name}", 2) as target, db.transaction():
        await db.execute("LOCK TABLE api_tokens")  # so the copy waits for this table
        new = {"NEW_DATABASE_URL": target.database_url, "NEW_REDIS_URL": target.redis_url}
        moving = start_move(variables(second_board, **new, TMPDIR=str(tmp_path)), interrupt)
        try:
            await until(
                lambda: list(tmp_path.glob(f"{PREFIX}*/*.copy.gz")) or moving.poll(), "for the copy"
            )
            assert names(tmp_path)
            moving.send_signal(number)
            await until(lambda: moving.poll() is not None, "for its end")
        finally:
            moving.kill()
            moving.wait(CEILING)
    await db.close()
    assert moving.returncode == 1
    assert names(tmp_path) == []


class Interrupted:
    """The protocol of a connection, where a signal is handled just before its bytes are."""

    def __init__(self, protocol: Any, task: asyncio.Task[int]) -> None:
        self.protocol, self.task = protocol, task

    def __getattr__(self, name: str) -> Any:
        return getattr(self.protocol, name)

    def data_received(self, data: bytes) -> None:
        self.task.cancel()
        self.protocol.data_received(data)


async def test_a_copy_that_is_stopped_while_rows_arrive_ends_without_a_traceback(
    second_board: Settings, monkeypatch: pytest.MonkeyPatch
):
    async def drop(_: bytes) -> None:
        pass

    migrate(second_board)
    reported: list[dict[str, Any]] = []
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(loop, "call_exception_handler", reported.append)
    db = await asyncpg.connect(second_board.database_url)
    copying = asyncio.create_task(queries.copy_out(db, "schema_migrations", ["version"], drop))
    db._transport._protocol = Interrupted(db._protocol, copying)
    with pytest.raises(asyncio.CancelledError):
        await copying
    assert await db.fetchval("SELECT 1") == 1
    await db.close()
    assert reported == []


def test_copies_of_a_killed_move_are_removed_under_data_dir(tmp_path: Path):
    left = tmp_path / f"{PREFIX}abc"
    left.mkdir()
    (left / "votes.copy.gz").touch()
    there = {"database_url": "postgresql://db/upvote", "secret_key": "x" * 16}
    remove_left_copies(load_settings(data_dir=tmp_path, **there))
    assert left.exists()
    remove_left_copies(load_settings(data_dir=tmp_path))
    assert not left.exists()


OLD, NEW, BY_HAND = "2026-01-01-0330", "2026-01-20-0341", "end-of-event"


@pytest.mark.parametrize("has_younger", [True, False])
def test_old_backups_make_room_only_where_a_younger_one_is_complete(tmp_path: Path, has_younger: bool):
    make_backup(tmp_path / OLD, 20)
    make_backup(tmp_path / NEW, 1, complete=has_younger)
    make_backup(tmp_path / BY_HAND, 20)
    room = step_of_the_unit("ExecStartPre=-/bin/sh -c '(.*)'")
    subprocess.run(["/bin/sh", "-c", room], cwd=tmp_path, timeout=CEILING)
    assert names(tmp_path) == ([NEW, BY_HAND] if has_younger else [OLD, NEW, BY_HAND])


def test_the_nightly_backup_removes_no_other_than_its_own(tmp_path: Path):
    for name, days in ((OLD, 20), (NEW, 1), (BY_HAND, 20)):
        make_backup(tmp_path / name, days)
    words = shlex.split(step_of_the_unit("ExecStartPost=(.*)"))
    place = ["/var/backups/upvote", str(tmp_path)]
    subprocess.run([place[1] if word == place[0] else word for word in words], timeout=CEILING)
    assert names(tmp_path) == [NEW, BY_HAND]


def test_the_nightly_backup_has_a_name_that_it_removes_later():
    pattern = re.search(r'-name "(.*?)"', step_of_the_unit("ExecStartPost=(.*)"))
    form = re.search(r"date \+(\S+)\)", step_of_the_unit("ExecStart=(.*)"))
    assert pattern is not None
    assert form is not None
    name = time.strftime(form[1].replace("%%", "%"))
    assert fnmatch(name, pattern[1])


def make_backup(path: Path, days: int, *, complete: bool = True) -> None:
    """Make what looks like a backup of some days ago."""
    path.mkdir()
    if complete:
        (path / "backup.json").touch()
    then = time.time() - days * 86_400
    for each in (*path.iterdir(), path):
        os.utime(each, (then, then))


def step_of_the_unit(pattern: str) -> str:
    unit = (ROOT / "deploy/systemd/upvote-backup.service").read_text()
    found = re.search(f"^{pattern}$", unit, re.M)
    assert found is not None
    return found[1]
