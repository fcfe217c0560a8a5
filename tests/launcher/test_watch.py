"""Watching costs little, and no signal is lost when `serve` becomes the watcher."""

import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from app.launcher import watch
from app.launcher.role_command import command
from app.launcher.systemd import READY
from app.launcher.watch import Watcher, wait_for_signal_or_end
from tests.launcher.board import environment
from tests.waiting import CEILING

# What a start needs and a watcher does not, each several MB.
HEAVY = {"app.settings", "asyncio", "asyncpg", "click", "redis", "structlog", "xmlrpc"}


@pytest.fixture
def lasting():
    """Yield a process that runs until it is killed."""
    process = subprocess.Popen(["sleep", "3600"])
    yield process
    process.kill()
    process.wait()


@pytest.fixture
def pipe():
    """Yield a pipe on which signals arrive."""
    reader, writer = os.pipe()
    yield reader, writer
    os.close(reader)
    os.close(writer)


def test_a_watcher_loads_nothing_that_only_the_start_needs():
    assert not HEAVY & loaded_with("app.launcher.launch, app.launcher.watch")


def test_what_a_restart_needs_loads_neither_settings_nor_drivers():
    assert not (HEAVY - {"xmlrpc"}) & loaded_with("app.launcher.supervisor")


def loaded_with(modules: str) -> set[str]:
    """Return what a process has loaded with these modules."""
    code = f"import sys, {modules}; print(*sys.modules)"
    done = run_python(code)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def run_python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=CEILING,
        env=environment(),
    )


def test_the_wait_is_over_when_one_of_the_processes_ends(lasting, pipe, monkeypatch):
    slept: list[float] = []
    monkeypatch.setattr(watch.time, "sleep", slept.append)
    other = subprocess.Popen(["sleep", "3600"])
    arrived: list[bytes] = []
    pids = [lasting.pid, other.pid]
    waiting = threading.Thread(
        target=lambda: arrived.append(wait_for_signal_or_end(pipe[0], pids)), daemon=True
    )
    waiting.start()
    other.kill()
    waiting.join(CEILING)
    assert arrived == [b""]
    assert slept == [watch.INTERVAL], "supervisord gets a moment to start it again"
    other.wait()


def test_the_wait_is_over_when_a_signal_arrives(lasting, pipe):
    os.write(pipe[1], bytes([signal.SIGHUP]))
    assert wait_for_signal_or_end(pipe[0], [lasting.pid]) == bytes([signal.SIGHUP])


@pytest.fixture
def waits(monkeypatch):
    """Return how long each wait would have been (ms, None: without a limit); nothing happens in it."""
    waits: list[float | None] = []

    class Poll:
        def register(self, *_: int) -> None: ...

        def poll(self, milliseconds: float | None) -> list[tuple[int, int]]:
            waits.append(milliseconds)
            return []

    monkeypatch.setattr(watch.select, "poll", Poll)
    return waits


def test_nothing_wakes_it_while_all_run(lasting, pipe, waits):
    assert wait_for_signal_or_end(pipe[0], [lasting.pid]) == b""
    assert waits == [None]


def test_it_looks_again_soon_while_a_program_does_not_run(lasting, pipe, waits):
    assert wait_for_signal_or_end(pipe[0], [lasting.pid, 0]) == b""
    assert waits == [watch.INTERVAL * 1000]


def test_it_looks_again_soon_while_the_programs_are_unknown(pipe, waits, monkeypatch):
    """supervisord was busy when it was asked for them."""
    watcher = Watcher({"supervisord": os.getpid(), "pids": {}})
    asked: list[bool] = []

    def check() -> None:
        asked.append(True)
        os.write(pipe[1], bytes([signal.SIGTERM]))
        monkeypatch.undo()

    monkeypatch.setattr(watcher, "_check", check)
    watcher._watch(pipe[0])
    assert (waits, asked) == ([watch.INTERVAL * 1000], [True])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_that_arrived_meanwhile_is_not_lost(tmp_path: Path, number: signal.Signals):
    state = {
        "data_dir": str(tmp_path),
        "pids": {},
        "has_terminal": number == signal.SIGHUP,  # without one it replaces the web processes
        "under_make": False,
        "notify_address": "",
    }
    code = f"""if True:
        import json, os, signal, subprocess, sys
        child = subprocess.Popen(["sleep", "3600"])
        print(child.pid, flush=True)
        signal.signal(signal.SIGHUP, signal.SIG_DFL)  # nohup may run the tests
        signal.pthread_sigmask(signal.SIG_BLOCK, {{{int(number)}}})
        os.kill(os.getpid(), {int(number)})
        output = [os.dup(0), os.dup(0)]
        for descriptor in output:
            os.set_inheritable(descriptor, True)
        state = {state!r} | {{"supervisord": child.pid, "output": output}}
        program = {command("watch")!r}
        os.execv(program[0], [*program, json.dumps(state)])
    """
    done = run_python(code)
    assert (done.returncode, done.stderr) == (0, "")
    with pytest.raises(ProcessLookupError):
        os.kill(int(done.stdout), 0)


@pytest.mark.parametrize("has_terminal", [True, False])
def test_behind_nohup_only_the_end_of_a_terminal_is_ignored(has_terminal: bool):
    code = f"""if True:
        import os, signal
        from app.launcher import watch
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signals = watch._open_signal_pipe(has_terminal={has_terminal})
        os.kill(os.getpid(), signal.SIGHUP)
        os.kill(os.getpid(), signal.SIGTERM)
        print(*sorted(os.read(signals, 9)))
    """
    done = run_python(code)
    expected = [signal.SIGTERM] if has_terminal else [signal.SIGHUP, signal.SIGTERM]
    assert done.stdout.split() == [str(int(number)) for number in expected]


def test_a_reload_that_follows_at_once_does_not_stop_the_board(tmp_path: Path):
    """`systemctl start` returns when systemd is notified; by then the watcher takes the signals."""
    address = str(tmp_path / "n")
    code = f"""if True:
        import os, signal, subprocess, sys, threading, time
        from pathlib import Path
        from app.launcher import watch
        from app.launcher.supervisor import Daemon
        threading.Thread(target=time.sleep, args=(3600,), daemon=True).start()
        signal.signal(signal.SIGHUP, lambda *_: os._exit(3))  # as during the start
        watch._has_terminal = lambda: False
        pipe = subprocess.PIPE
        child = subprocess.Popen(["sleep", "3600"], stdout=pipe, stderr=pipe)
        output = [child.stdout.fileno(), child.stderr.fileno()]
        daemon = Daemon(Path({str(tmp_path)!r}), child, output)
        watch.become_watcher(daemon, open(os.devnull), {address!r}, under_make=False)
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.settimeout(CEILING)
        systemd.bind(address)
        watcher = subprocess.Popen([sys.executable, "-c", code], env=environment())
        try:
            assert systemd.recv(100) == READY
            watcher.send_signal(signal.SIGHUP)
            watcher.send_signal(signal.SIGTERM)
            assert watcher.wait(CEILING) == 0
        finally:
            watcher.kill()


def test_the_programs_are_stopped_though_an_upgrade_has_replaced_the_files(
    lasting, monkeypatch, capsys
):
    monkeypatch.setitem(sys.modules, "app.end_in_time", None)
    Watcher({"supervisord": lasting.pid, "pids": {}})._stop()
    lasting.returncode = -signal.SIGTERM  # it has been waited for
    with pytest.raises(ProcessLookupError):
        os.kill(lasting.pid, 0)
    assert "stopped by a signal alone" in capsys.readouterr().err
