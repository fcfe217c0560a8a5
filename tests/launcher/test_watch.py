"""Watching costs little, and neither a signal nor output is lost when `serve` becomes the watcher."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from app.launcher import output, watch
from app.launcher.adopted_child import AdoptedChild
from app.launcher.role_command import command
from app.launcher.watch import wait
from app.output import DroppingOutput
from tests.launcher.board import environment
from tests.waiting import CEILING, block_until

# What a start needs and a watcher does not, each several MB.
HEAVY = {"app.settings", "asyncio", "asyncpg", "click", "redis", "structlog", "xmlrpc"}


@pytest.fixture
def lasting():
    """Yield a process that ends when it is told to."""
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
    code = "import sys, app.launcher.watch; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "app.launcher.watch" in loaded.stdout
    assert not HEAVY & set(loaded.stdout.split())


def test_the_wait_is_over_when_one_of_the_processes_ends(lasting, pipe, monkeypatch):
    slept: list[float] = []
    monkeypatch.setattr(watch.time, "sleep", slept.append)
    other = subprocess.Popen(["sleep", "3600"])
    arrived: list[bytes] = []
    pids = [lasting.pid, other.pid]
    waiting = threading.Thread(target=lambda: arrived.append(wait(pipe[0], pids)))
    waiting.start()
    other.kill()
    waiting.join(CEILING)
    assert arrived == [b""]
    assert slept == [watch.INTERVAL], "supervisord gets a moment to start it again"
    other.wait()


def test_the_wait_is_over_when_a_signal_arrives(lasting, pipe):
    os.write(pipe[1], bytes([signal.SIGHUP]))
    assert wait(pipe[0], [lasting.pid]) == bytes([signal.SIGHUP])


def test_nothing_ends_the_wait_while_all_run(lasting, pipe, monkeypatch):
    waits: list[float | None] = []

    class Poll:
        def register(self, *_: int) -> None: ...

        def poll(self, milliseconds: float | None) -> list[tuple[int, int]]:
            waits.append(milliseconds)
            return []

    monkeypatch.setattr(watch.select, "poll", Poll)
    assert wait(pipe[0], [lasting.pid]) == b""
    assert waits == [None]
    assert wait(pipe[0], [lasting.pid, 0]) == b""
    assert waits[1:] == [watch.INTERVAL * 1000], "looks again soon while a program does not run"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_that_arrived_meanwhile_is_not_lost(tmp_path: Path, number: signal.Signals):
    state = {
        "data_dir": str(tmp_path),
        "pids": {},
        "output": [0, 0],
        "has_terminal": number == signal.SIGHUP,  # without one it replaces the web processes
        "under_make": False,
    }
    code = f"""if True:
        import json, os, signal, subprocess, sys
        child = subprocess.Popen(["sleep", "3600"])
        print(child.pid, flush=True)
        signal.signal(signal.SIGHUP, signal.SIG_DFL)  # nohup, or a script's &, may run the tests
        signal.pthread_sigmask(signal.SIG_BLOCK, {{{int(number)}}})
        os.kill(os.getpid(), {int(number)})
        state = {state!r} | {{"supervisord": child.pid}}
        program = {command("watch")!r}
        os.execv(program[0], [*program, json.dumps(state)])
    """
    done = subprocess.run(
        [sys.executable, "-c", code],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=CEILING,
        env=environment(),
    )
    assert (done.returncode, done.stderr) == (0, "")
    with pytest.raises(ProcessLookupError):
        os.kill(int(done.stdout), 0)


def test_output_that_comes_during_the_change_is_left_in_the_pipe(monkeypatch, capfd):
    copying = threading.Lock()
    monkeypatch.setattr(output, "_copying", copying)
    (first, to_first), (second, to_second) = os.pipe(), os.pipe()
    written = DroppingOutput(1)
    monkeypatch.setattr(sys, "stdout", written)
    output.forward_output(first, second)
    os.write(to_first, b"before\n")
    shown = ""

    def is_shown() -> bool:
        nonlocal shown
        shown += capfd.readouterr().out
        return "before" in shown

    block_until(is_shown)
    output.stop_forwarding()
    assert copying.locked()
    os.write(to_first, b"after\n")
    assert os.read(first, 100) == b"after\n"
    for descriptor in (to_first, to_second):
        os.close(descriptor)


def test_an_adopted_child_is_waited_for_and_ended(lasting):
    child = AdoptedChild(lasting.pid)
    assert child.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        child.wait(0)
    child.terminate()
    assert child.wait(CEILING) == child.poll() == -signal.SIGTERM
    child.kill()  # does nothing: the id may be that of another process now
    lasting.returncode = child.returncode


@pytest.mark.parametrize("has_terminal", [True, False])
def test_behind_nohup_only_the_end_of_a_terminal_is_ignored(has_terminal: bool):
    code = f"""if True:
        import os, signal
        from app.launcher import watch
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signals = watch._signals(has_terminal={has_terminal})
        os.kill(os.getpid(), signal.SIGHUP)
        os.kill(os.getpid(), signal.SIGTERM)
        print(*sorted(os.read(signals, 9)))
    """
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    expected = [signal.SIGTERM] if has_terminal else [signal.SIGHUP, signal.SIGTERM]
    assert done.stdout.split() == [str(int(number)) for number in expected]
