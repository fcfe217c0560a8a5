"""supervisord is ended, also when it does not answer, and may die while it answers."""

import contextlib
import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from app.launcher import supervisor, supervisor_config
from app.launcher.adopted_child import AdoptedChild
from app.launcher.supervisor import Daemon
from tests.waiting import CEILING


@pytest.fixture
def daemon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Daemon]:
    """Yield a daemon whose process takes signals and never answers a call."""
    answers = threading.Event()

    @contextlib.contextmanager
    def calls() -> Iterator[SimpleNamespace]:
        yield SimpleNamespace(shutdown=answers.wait)

    daemon = Daemon(tmp_path, subprocess.Popen(["sleep", "3600"]))
    monkeypatch.setattr(daemon, "_calls", calls)
    monkeypatch.setattr(supervisor.leftovers, "clear", lambda _: None)
    yield daemon
    answers.set()
    daemon.process.kill()


def test_a_supervisord_that_does_not_answer_is_ended(daemon: Daemon):
    stopping = threading.Thread(target=daemon.stop, daemon=True)
    stopping.start()
    stopping.join(CEILING)
    assert not stopping.is_alive()
    assert not daemon.alive()


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 2",
        b"HTTP/1.1 200 OK\r\nContent-Len",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n<?xml version='1.0'?>\n<methodRes",
    ],
    ids=["before its answer", "in the status", "in the headers", "in the body"],
)
def test_a_supervisord_that_dies_while_it_answers_is_one_that_does_not_run(
    answer: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    address = tmp_path / "s"
    monkeypatch.setattr(supervisor_config, "socket", lambda _: address)
    daemon = Daemon(tmp_path, AdoptedChild(os.getpid()))
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(address))
        listener.listen()
        answering = threading.Thread(target=_answer, args=(listener, answer), daemon=True)
        answering.start()
        assert daemon.programs() == {}
        daemon.start("web")
        daemon.signal("web", "HUP")
        answering.join(CEILING)
        assert not answering.is_alive(), "three calls arrived"


def test_a_supervisord_that_hangs_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Signals wait while it is asked."""
    monkeypatch.setattr(supervisor, "CALL_SECONDS", 0.1)
    address = tmp_path / "s"
    monkeypatch.setattr(supervisor_config, "socket", lambda _: address)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(address))
        listener.listen()
        assert Daemon(tmp_path, AdoptedChild(os.getpid())).programs() == {}


def _answer(listener: socket.socket, answer: bytes) -> None:
    """Answer three calls, and end each before the answer is whole."""
    for _ in range(3):
        connection, _address = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(answer)
