"""Output of web and worker is forwarded whole, though a process is forgotten or this one changes."""

import os
import subprocess
import sys
import threading

import pytest

from app.launcher import output
from app.output import DroppingOutput
from tests.waiting import CEILING, block_until


class RecordingLock:
    """A lock that records that a thread asks for it."""

    def __init__(self) -> None:
        self._lock, self.asked = threading.Lock(), threading.Event()
        self.acquire = self._lock.acquire

    def __enter__(self) -> None:
        self.asked.set()
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]):
    """Return a function that waits until something was written to our stdout."""
    monkeypatch.setattr(sys, "stdout", DroppingOutput(1))
    written = ""

    def wait_for(text: str) -> None:
        def is_shown() -> bool:
            nonlocal written
            written += capfd.readouterr().out
            return text in written

        block_until(is_shown, f"for {text}")

    return wait_for


def test_what_a_process_wrote_arrives_though_nobody_refers_to_it_any_more(shown, monkeypatch):
    failed: list[threading.ExceptHookArgs] = []
    monkeypatch.setattr(threading, "excepthook", failed.append)
    for number in range(30):
        pipe = subprocess.PIPE
        process = subprocess.Popen(["echo", f"line {number}."], stdout=pipe, stderr=pipe)
        output.forward_output(process)
        process.wait()
        del process
    for number in range(30):
        shown(f"line {number}.")
    assert failed == []


def test_while_the_forwarding_is_held_output_stays_in_the_pipe(shown, monkeypatch):
    copying = RecordingLock()
    monkeypatch.setattr(output, "forwarding", copying)
    (first, to_first), (second, to_second) = os.pipe(), os.pipe()
    output.forward_descriptors(first, second)
    os.write(to_first, b"before\n")
    shown("before")
    copying.acquire()
    copying.asked.clear()
    os.write(to_first, b"after\n")
    assert copying.asked.wait(CEILING)
    os.set_blocking(first, False)
    assert os.read(first, 100) == b"after\n"
    for descriptor in (to_first, to_second):
        os.close(descriptor)
