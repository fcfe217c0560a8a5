"""Waiting for the end of a program costs nothing until one ends."""

import subprocess
import sys

from app.launcher import watch
from tests.waiting import CEILING


def test_the_wait_is_over_when_one_of_the_processes_ends():
    lasting, ending = (subprocess.Popen(["sleep", str(CEILING)]) for _ in range(2))
    code = f"""if True:
        from app.launcher import watch
        watch.INTERVAL = 0
        print("waits", flush=True)
        watch.wait_for_end([{lasting.pid}, {ending.pid}], {10 * CEILING})
    """
    waiting = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert waiting.stdout is not None
    assert waiting.stdout.readline() == b"waits\n"
    assert waiting.poll() is None
    ending.kill()
    ending.wait()
    try:
        assert waiting.wait(CEILING) == 0
    finally:
        for process in (lasting, waiting):
            process.kill()
            process.wait()


def test_nothing_wakes_it_while_all_run(monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _: (_ for _ in ()).throw(AssertionError("it polls")))
    lasting = subprocess.Popen(["sleep", str(CEILING)])
    try:
        watch.wait_for_end([lasting.pid], 0.1)
    finally:
        lasting.kill()
        lasting.wait()


def test_it_looks_again_soon_while_a_program_does_not_run(monkeypatch):
    slept: list[float] = []
    monkeypatch.setattr("time.sleep", slept.append)
    watch.wait_for_end([0], 10 * CEILING)
    assert slept == [watch.INTERVAL]
