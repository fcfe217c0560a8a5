"""The embedded PostgreSQL starts in any directory, is private, and recovers from crashes."""

import errno
import stat
import subprocess
import sys
from pathlib import Path

import asyncpg
import psutil
import pytest

from app import data_paths
from app.commands.errors import one_line
from app.errors import OperatorError
from app.launcher import postgres
from app.launcher.run_dir import make_run_dir
from app.launcher.start_check import reason_lines
from tests.servers import RunningServer, start_postgres


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    # The space in the path must work in sockets, command lines and URLs.
    return tmp_path_factory.mktemp("my data")


@pytest.fixture(scope="module")
def server(data_dir: Path):
    with start_postgres(data_dir) as running:
        yield running


async def ask(server: RunningServer, query: str) -> object:
    connection = await asyncpg.connect(server.url, database="postgres")
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def test_the_cluster_has_checksums_and_utf8(server: RunningServer):
    assert await ask(server, "SHOW data_checksums") == "on"
    assert await ask(server, "SHOW server_encoding") == "UTF8"


def test_it_listens_only_on_a_socket_in_a_private_directory(server: RunningServer, data_dir: Path):
    socket = data_paths.run_dir(data_dir) / "postgres" / ".s.PGSQL.5432"
    assert socket.is_socket()
    assert stat.S_IMODE(socket.parent.stat().st_mode) == 0o700
    assert psutil.Process(server.pid).net_connections("tcp") == []


async def test_a_committed_row_survives_kill_9(server: RunningServer):
    await ask(server, "CREATE TABLE kept AS SELECT 42 AS answer")
    server.kill9()
    server.restart()
    assert await ask(server, "SELECT answer FROM kept") == 42


async def test_preparing_twice_keeps_the_data(server: RunningServer, data_dir: Path):
    await ask(server, "CREATE TABLE once (answer int)")
    server.halt()
    postgres.prepare(data_dir)
    server.restart()
    assert await ask(server, "SELECT count(*) FROM once") == 0


def test_an_interrupted_initdb_is_repeated(tmp_path: Path):
    unfinished = tmp_path / "postgres.new"
    unfinished.mkdir()
    (unfinished / "PG_VERSION").write_text("18\n")
    make_run_dir(tmp_path)
    postgres.prepare(tmp_path)
    assert (tmp_path / "postgres" / "global" / "pg_control").exists()
    assert not unfinished.exists()


def test_the_error_for_another_major_version_names_it(tmp_path: Path):
    cluster = tmp_path / "postgres"
    cluster.mkdir()
    (cluster / "PG_VERSION").write_text("15\n")
    with pytest.raises(OperatorError, match=r"made by PostgreSQL 15.* upvote restore here"):
        postgres.prepare(tmp_path)


def test_a_lock_file_with_the_process_id_of_another_program_is_removed(tmp_path: Path):
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        lock = lock_file(tmp_path, other.pid)
        postgres.clear_stale_locks(tmp_path)
        other.terminate()
    assert not lock.exists()


@pytest.mark.parametrize("content", ["", "\0" * 40], ids=["empty", "zeros"])
def test_a_lock_file_that_a_power_cut_left_empty_is_removed(tmp_path: Path, content: str):
    lock = lock_file(tmp_path, 1)
    lock.write_text(content)
    postgres.clear_stale_locks(tmp_path)
    assert not lock.exists()


def test_the_lock_file_of_a_running_server_stays(server: RunningServer, tmp_path: Path):
    lock = lock_file(tmp_path, server.pid)
    postgres.clear_stale_locks(tmp_path)
    assert lock.exists()


def lock_file(data_dir: Path, number: int) -> Path:
    lock = data_dir / "postgres" / "postmaster.pid"
    lock.parent.mkdir()
    lock.write_text(f"{number}\n{data_dir}\n")
    return lock


def test_a_directory_that_others_may_enter_is_closed_again(server: RunningServer, data_dir: Path):
    cluster = data_dir / "postgres"
    for mode, after in ((0o777, 0o700), (0o755, 0o700), (0o750, 0o750)):
        cluster.chmod(mode)
        postgres.prepare(data_dir)
        assert stat.S_IMODE(cluster.stat().st_mode) == after
    cluster.chmod(0o700)


def test_the_reason_why_postgresql_ends_is_shown_and_not_how():
    end = [f"LOG:  shutting down, part {number}" for number in range(9)]
    reason = ["x [1] PANIC:  could not locate a valid checkpoint record", "x [1] HINT:  Look."]
    assert reason_lines(["x [1] LOG:  starting", *reason, *end]) == reason
    assert reason_lines(end) == end[-3:]  # another server has other words


def test_a_full_disk_is_called_so():
    line = one_line(OSError(errno.ENOSPC, "No space left on device")) or ""
    assert line.startswith("a disk is full")
    assert "DATA_DIR" in line
