"""supervisord is ended, also when it does not answer."""

import contextlib
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from app.launcher import supervisor
from app.launcher.supervisor import Daemon
from tests.waiting import CEILING


@pytest.fixture
def daemon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Daemon]:
    """Yield a daemon whose process takes signals and never answers a call."""
    answers = threading.Event()

    @contextlib.contextmanager
    def calls() -> Iterator[SimpleNamespace]:
        yield SimpleNamespace(shutdown=answers.wait)

    daemon = Daemon.__new__(Daemon)
    daemon.data_dir = tmp_path
    daemon.process = subprocess.Popen(["sleep", "3600"])
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
