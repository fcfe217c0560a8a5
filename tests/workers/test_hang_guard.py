"""A worker whose event loop stands still ends."""

import asyncio
import subprocess
import sys
import threading

from app.server import hang_watch
from tests.waiting import CEILING
from workers import hang_guard

HANGS = """
import asyncio, threading
from app.server import hang_watch
from workers import hang_guard
hang_watch.HUNG_SECONDS = hang_guard.CHECK_SECONDS = hang_watch.CHECK_SECONDS = 0.05
async def main():
    task = asyncio.create_task(hang_guard.guard_loop())
    await asyncio.sleep(0)
    threading.Event().wait()
asyncio.run(main())
"""


def test_a_loop_that_stands_still_ends_the_process():
    ended = subprocess.run(
        [sys.executable, "-c", HANGS], capture_output=True, text=True, timeout=CEILING
    )
    assert ended.returncode == 1
    assert "stands still" in ended.stdout


async def test_a_loop_that_goes_on_or_has_ended_its_guard_is_left_alone(monkeypatch):
    ended: list[str] = []
    checks = threading.Semaphore(0)
    is_hung = hang_watch.HangWatch.is_hung

    def check(watch: hang_watch.HangWatch) -> bool:
        checks.release()
        return is_hung(watch)

    monkeypatch.setattr(hang_guard, "CHECK_SECONDS", 0.001)
    monkeypatch.setattr(hang_watch.HangWatch, "is_hung", check)
    monkeypatch.setattr(hang_guard, "end_hung", ended.append)
    guard = asyncio.create_task(hang_guard.guard_loop())
    for _ in range(100):
        assert await asyncio.to_thread(checks.acquire, timeout=CEILING)
    guard.cancel()
    await asyncio.wait([guard])
    assert ended == []
