"""A web process that hangs is replaced, and the end takes a limited time and resets no connection."""

import os
import signal
import socket
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from uvicorn import Config

from app.end_in_time import END_SECONDS
from app.server import hang_watch, web_processes
from app.server.beating_server import BeatingServer
from app.server.hang_watch import HangWatch
from app.server.web_processes import WebServer, join_or_kill
from tests.waiting import block_until

CHECKS = int(hang_watch.HUNG_SECONDS / hang_watch.CHECK_SECONDS)


class Clock:
    """The time of the parent, which passes between two checks."""

    now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(hang_watch, "time", clock)
    return clock


def check(watch: HangWatch, clock: Clock, times: int, seconds: float = 0.5) -> bool:
    """Check so many times; return what the last check says."""
    for _ in range(times):
        clock.now += seconds
        hung = watch.is_hung()
    return hung


def test_a_loop_hangs_when_it_did_not_count_for_so_many_checks(clock: Clock):
    watch = HangWatch()
    watch.beat()
    check(watch, clock, 1)
    assert not check(watch, clock, CHECKS - 1)
    watch.beat()
    assert not check(watch, clock, CHECKS)
    assert check(watch, clock, 1)


def test_checks_that_come_late_blame_nobody(clock: Clock):
    watch = HangWatch()
    watch.beat()
    check(watch, clock, 1)
    assert not check(watch, clock, CHECKS, seconds=3600)  # the machine was suspended each time
    assert check(watch, clock, CHECKS)


def test_loading_may_take_longer(clock: Clock):
    watch = HangWatch()
    assert not check(watch, clock, 2 * CHECKS)
    assert check(watch, clock, int(hang_watch.LOADING_SECONDS / hang_watch.CHECK_SECONDS))
    assert not watch.has_begun


async def test_a_loop_that_serves_counts():
    watch = HangWatch()
    assert not await BeatingServer(Config("none"), watch).on_tick(1)
    assert watch.has_begun
    assert not await BeatingServer(Config("none"), None).on_tick(1)


class StubProcess:
    """Stands for a web process. `hangs` is what its watch says."""

    started = served_until = 0.0
    watch: HangWatch | None = None

    def __init__(self, *, ignores_signals: bool = False, hangs: bool = False) -> None:
        self._reader, self._writer = os.pipe()
        self._ignores_signals = ignores_signals
        self.hangs = hangs
        self.done: list[str] = []
        self.pid = 1
        self.process = SimpleNamespace(is_alive=self._is_alive, sentinel=self._reader)

    def _is_alive(self) -> bool:
        return self._writer >= 0

    def is_hung(self) -> bool:
        return self.hangs

    def ask_to_end(self, number: int = signal.SIGTERM) -> None:
        self.done.append(signal.Signals(number).name)
        if not self._ignores_signals:
            self._end()

    def kill(self) -> None:
        self.done.append("killed")
        self._end()

    def join(self) -> None:
        assert not self._is_alive()

    def wait_until_ready(self, seconds: float, should_exit: threading.Event) -> bool:
        """Never be ready."""
        block_until(should_exit.is_set)
        return False

    def _end(self) -> None:
        if self._is_alive():
            os.close(self._writer)
            self._writer = -1


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Yield a WebServer, without processes."""
    handlers = {number: signal.getsignal(number) for number in web_processes_signals()}
    monkeypatch.setattr(
        web_processes, "end_in_time", lambda begin: threading.Thread(target=begin).start()
    )
    with socket.socket() as listener:
        yield WebServer(Config("none"), listener)
    for number, handler in handlers.items():
        signal.signal(number, handler)


def web_processes_signals() -> list[int]:
    from uvicorn.supervisors.multiprocess import SIGNALS

    return [number for number in SIGNALS if number in signal.valid_signals()]


def test_a_hung_process_is_ended_and_replaced_and_the_others_are_left_alone(
    server: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(web_processes, "HUNG_END_SECONDS", 0.01)
    good, hung = StubProcess(), StubProcess(ignores_signals=True, hangs=True)
    replaced: list[int] = []
    server.processes = [good, hung]
    server._replace = replaced.append
    server.keep_subprocess_alive()
    assert good.done == []
    assert hung.done == ["SIGTERM", "killed"]
    assert replaced == [1]
    assert "a web process hangs and is replaced" in capsys.readouterr().out


def test_a_process_that_hangs_has_served_until_its_last_beat(server: Any, clock: Clock):
    """So its successor does not take a vote that waited meanwhile for a new one."""
    process = StubProcess()
    process.watch = watch = HangWatch()
    process.is_hung = watch.is_hung  # type: ignore[method-assign]
    server.processes = [process]
    for _ in range(20):
        clock.now += 0.5
        watch.beat()
        server.keep_subprocess_alive()
    assert process.served_until == 10
    for _ in range(CHECKS - 1):
        clock.now += 0.5
        server.keep_subprocess_alive()
    assert process.served_until == 10
    started: list[float | None] = []
    server._start_process = lambda since: started.append(since) or StubProcess()
    server.should_exit.set()
    process._end()
    server._replace(0)
    assert started == [10]


def test_the_parent_closes_its_listening_socket_when_it_ends(server: Any):
    (listener,) = server.sockets
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    address = listener.getsockname()
    socket.create_connection(address).close()
    server.processes = [draining := StubProcess()]
    server.terminate_all()
    assert draining.done == ["SIGTERM"]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address)


def test_all_processes_share_one_deadline():
    processes = [StubProcess(ignores_signals=True) for _ in range(100)]
    quick = StubProcess()
    quick.ask_to_end()
    slept: list[float] = []
    clock = Clock()

    def wait(_: object, seconds: float) -> None:
        slept.append(seconds)
        clock.now += seconds

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(web_processes, "wait", wait)
        patch.setattr(web_processes, "time", clock)
        join_or_kill([quick, *processes], 8)  # type: ignore[list-item]
    assert sum(slept) == pytest.approx(8)
    assert all(process.done == ["killed"] for process in processes)
    assert quick.done == ["SIGTERM"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_wait_for_a_new_process_that_hangs(server: Any, number: signal.Signals):
    old, new = StubProcess(), StubProcess(ignores_signals=True)
    server.processes = [old]
    server._start_process = lambda successor: new
    threading.Timer(0.05, os.kill, [os.getpid(), number]).start()
    server.restart_all()
    assert new.done == ["killed"]
    server.terminate_all()
    wanted = web_processes.STOP_NOW_SIGNAL if number == signal.SIGINT else number
    assert old.done == [wanted.name]


def test_a_replaced_process_that_still_drains_ends_with_the_others(server: Any):
    draining = StubProcess(ignores_signals=True)
    server._draining = [draining]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(web_processes, "END_SECONDS", 0.01)
        server.join_all()
    assert draining.done == ["killed"]


def test_the_parent_kills_its_processes_before_it_is_ended_itself():
    assert web_processes.END_SECONDS < END_SECONDS
