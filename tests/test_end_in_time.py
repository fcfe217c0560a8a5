"""A process that was asked to end is gone in time, whatever hangs in it."""

import asyncio
import signal
import subprocess
import sys

import pytest

from app.end_in_time import finish, unless
from tests.waiting import CEILING

# Each is blocked in the main thread, so no event loop and no signal handler of Python would run.
BLOCKED = {
    "by a lock": "import threading; lock = threading.Lock(); lock.acquire(); lock.acquire()",
    "in C": "import ctypes; [ctypes.CDLL(None).usleep(1_000_000) for _ in range(10**6)]",
    "by a thread at the end": (
        "import threading; threading.Thread(target=threading.Event().wait).start(); sys.exit()"
    ),
}
START = """
import sys
from app.end_in_time import EndSignals
signals = EndSignals(0.1)
signals.begin_end = lambda: print('asked', flush=True)
print('ready', flush=True)
"""


def start(code: str) -> subprocess.Popen:
    """Run the code in a new process; returns when it has printed a line."""
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def output_of(process: subprocess.Popen) -> str:
    """Return the rest of its output, when it has ended."""
    try:
        return process.communicate(timeout=CEILING)[0]
    finally:
        process.kill()


@pytest.mark.parametrize("code", BLOCKED.values(), ids=BLOCKED)
def test_a_blocked_process_ends_and_says_where_it_hangs(code: str):
    process = start(START + code)
    process.send_signal(signal.SIGTERM)
    output = output_of(process)
    assert output.startswith("asked\n")
    assert "was asked to end and hangs" in output
    assert process.returncode == 1


def test_a_process_that_has_begun_nothing_ends_at_once():
    code = "import time; from app.end_in_time import EndSignals; EndSignals(1e6)"
    process = start(f"{code}; print('ready', flush=True); time.sleep(1e6)")
    process.send_signal(signal.SIGINT)
    assert output_of(process) == ""
    assert process.returncode == 0


def test_a_signal_handler_can_set_the_limit():
    process = start("""
import signal, threading
from app.end_in_time import end_in_time
stopped = threading.Event()
def stop(number, frame):
    end_in_time(0.1, stopped.set)
signal.signal(signal.SIGTERM, stop)
print('ready', flush=True)
stopped.wait()
print('stopped', flush=True)
threading.Event().wait()
""")
    process.send_signal(signal.SIGTERM)
    output = output_of(process)
    assert output.startswith("stopped\n")
    assert "was asked to end and hangs" in output


async def stubborn(going_on: asyncio.Event) -> None:
    """Go on although cancelled, as a step that hangs in what it does at its end."""
    for _ in range(2):
        try:
            await going_on.wait()
        except asyncio.CancelledError:
            continue


async def test_a_step_that_does_not_notice_that_it_is_cancelled_is_left():
    going_on = asyncio.Event()
    asyncio.get_running_loop().call_later(CEILING, going_on.set)
    with pytest.raises(TimeoutError):
        await finish(stubborn(going_on), 0.01)
    going_on.set()
    assert await finish(asyncio.sleep(0, "done"), CEILING) == "done"


async def test_work_is_left_when_the_process_is_asked_to_stop():
    stop, going_on = asyncio.Event(), asyncio.Event()
    asyncio.get_running_loop().call_soon(stop.set)
    asyncio.get_running_loop().call_later(CEILING, going_on.set)
    assert await unless(stop, stubborn(going_on)) is None
    going_on.set()
    assert await unless(asyncio.Event(), asyncio.sleep(0, "done")) == "done"
