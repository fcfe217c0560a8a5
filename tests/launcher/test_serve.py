"""`upvote serve` starts and stops its programs in order, restarts dead ones, and leaves nothing."""

import os
import re
import signal
import socket
from pathlib import Path

import asyncpg
import psutil
import pytest

from app import data_paths
from app.launcher.signals import SERVE_SIGNALS
from app.launcher.systemd import READY
from tests.launcher.board import ServedBoard, run, served
from tests.ports import free_port
from tests.waiting import CEILING, block_until

PROGRAMS = ("postgres", "valkey-server", "web", "worker")


@pytest.fixture(scope="module")
def systemd():
    """Yield the socket on which systemd waits until the board serves."""
    name = f"upvote-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(f"\0{name}")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("NOTIFY_SOCKET", f"@{name}")
            yield listening


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory, systemd: socket.socket):
    with served(tmp_path_factory.mktemp("board")) as running:
        yield running


def test_serve_prints_the_address_and_answers_there(board: ServedBoard):
    assert f"http://127.0.0.1:{board.port}\n".encode() in board.output
    assert board.healthy()


def test_systemd_is_notified_once_and_no_child_process_could_notify_it(
    board: ServedBoard, systemd: socket.socket
):
    systemd.settimeout(CEILING)
    assert systemd.recv(100) == READY
    systemd.setblocking(False)
    with pytest.raises(BlockingIOError):
        systemd.recv(100)
    for process in board.tree():
        assert "NOTIFY_SOCKET" not in process.environ()


def test_signals_reach_only_the_main_thread_of_the_watcher(board: ServedBoard):
    """Another thread would lose one that arrives while `serve` becomes the watcher."""
    pid = board.process.pid
    threads = {path.name: path / "status" for path in Path(f"/proc/{pid}/task").iterdir()}
    del threads[str(pid)]
    assert len(threads) >= 4, "those that write and forward the output"
    for status in threads.values():
        blocked = int(re.search(r"SigBlk:\s+(\w+)", status.read_text())[1], 16)
        assert all(blocked & 1 << (number - 1) for number in SERVE_SIGNALS)


def test_the_secret_key_is_only_in_its_file_and_on_no_command_line(board: ServedBoard):
    secret = (board.data_dir / "secret_key").read_text()
    assert secret not in (board.data_dir / "run" / "supervisord.conf").read_text()
    assert not any(secret in " ".join(process.cmdline()) for process in board.tree())


def test_the_servers_do_not_get_the_secret_key(board: ServedBoard):
    for name in ("postgres", "valkey-server"):
        process = board.program(name)
        assert process is not None
        assert "SECRET_KEY" not in process.environ()


def test_only_the_web_listens_on_a_port_and_only_on_loopback(board: ServedBoard):
    tree = [
        psutil.Process(board.process.pid),
        *psutil.Process(board.process.pid).children(recursive=True),
    ]
    found = {
        (one.laddr.ip, one.laddr.port)
        for process in tree
        for one in process.net_connections("inet")
        if one.status in (psutil.CONN_LISTEN, psutil.CONN_NONE)
    }
    assert len(tree) > 8
    assert found == {("127.0.0.1", board.port)}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_killed_program_is_restarted(board: ServedBoard, name: str):
    killed = board.program(name)
    assert killed is not None
    killed.kill()
    block_until(lambda: (now := board.program(name)) is not None and now.pid != killed.pid)
    block_until(board.healthy)
    block_until(lambda: f"{name.split('-')[0]} had stopped".encode() in board.output)


def test_a_killed_web_process_takes_its_workers_with_it(board: ServedBoard):
    web = board.program("web")
    assert web is not None
    workers = web.children()
    assert workers
    web.kill()
    block_until(lambda: not any(worker.is_running() for worker in workers))
    block_until(board.healthy)


def test_sighup_replaces_only_the_web_processes(board: ServedBoard):
    web, worker = board.program("web"), board.program("worker")
    assert web is not None
    before = set(web.children())
    board.process.send_signal(signal.SIGHUP)
    block_until(lambda: not (before - {tracker_of(web)}) & set(web.children()))
    assert board.healthy()
    assert (board.program("web"), board.program("worker")) == (web, worker)


def tracker_of(web: psutil.Process) -> psutil.Process:
    """Return the helper process of multiprocessing, which starts first and stays."""
    return min(web.children(), key=lambda child: child.create_time())


def test_a_second_serve_on_the_same_data_is_refused(board: ServedBoard):
    result = run("serve", DATA_DIR=str(board.data_dir), PORT=str(free_port()))
    assert_one_line(result, f"another upvote command (process {board.process.pid})")
    assert board.healthy()


def test_the_error_for_a_port_in_use_names_it(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for command in ("serve", "web"):
            result = run(command, DATA_DIR=str(tmp_path), PORT=str(port), SECRET_KEY="x" * 16)
            assert_one_line(result, f"PORT {port}")


def test_the_error_for_an_unreachable_external_server_names_its_setting(tmp_path: Path):
    common = {"DATA_DIR": str(tmp_path), "PORT": str(free_port()), "SECRET_KEY": "x" * 16}
    url = f"postgresql://somebody:hidden@127.0.0.1:{free_port()}/board"
    urls = {"DATABASE_URL": url, "REDIS_URL": f"redis://127.0.0.1:{free_port()}"}
    no_waiting = "from app.launcher import wait_for; wait_for.EXTERNAL_SECONDS = 0"
    result = run("serve", before=no_waiting, **common, **urls)
    assert_one_line(result, "DATABASE_URL")
    assert "hidden" not in result.stderr


def test_a_bad_setting_stops_the_start(tmp_path: Path):
    assert_one_line(run("serve", DATA_DIR=str(tmp_path), PORT="none"), "PORT")


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the DATA_DIR of a board that was stopped with Ctrl-C; it starts faster than a new one."""
    data_dir = tmp_path_factory.mktemp("used")
    with served(data_dir) as board:
        programs = [board.program(name) for name in PROGRAMS]
        assert all(programs)
        board.press_ctrl_c()
        board.press_ctrl_c()
        assert board.wait_for_end() == 0
        assert board.tree() == []
    return data_dir


def test_ctrl_c_stops_everything_in_order(used: Path):
    log = (used / "log" / "supervisord.log").read_text()
    assert re.findall(r"stopped: (\w+)", log)[:4] == ["web", "worker", "valkey", "postgres"]


async def test_the_data_survives_kill_9_of_everything(used: Path):
    with served(used) as board:
        await ask(used, "CREATE TABLE kept AS SELECT 42 AS answer")
        board.end()
    with served(used):
        assert await ask(used, "SELECT answer FROM kept") == 42


def test_a_killed_supervisord_stops_the_board_and_is_reported(used: Path):
    with served(used) as board:
        supervisord = board.program("supervisord")
        assert supervisord is not None
        supervisord.kill()
        assert board.wait_for_end() == 1
        assert b"supervisord was killed" in board.output
        assert board.tree() == []


def test_a_killed_serve_stops_the_board_and_can_start_again(used: Path):
    with served(used) as board:
        board.process.kill()
        with served(used) as again:  # starts at once, and waits for the ending processes
            assert again.healthy()
            again.process.send_signal(signal.SIGTERM)
            assert again.wait_for_end() == 0
        assert board.tree() == []


async def ask(data_dir: Path, query: str) -> object:
    connection = await asyncpg.connect(data_paths.database_url(data_dir))
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


def assert_one_line(result, text: str) -> None:
    assert result.returncode == 1, result
    assert text in result.stderr
    assert result.stderr.count("\n") == 1, result.stderr
    assert os.linesep not in result.stdout
