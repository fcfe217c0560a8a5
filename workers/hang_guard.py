"""Ends a worker whose event loop stands still: its supervisor starts another one."""

import asyncio
import threading

from app.end_in_time import end_hung
from app.server.hang_watch import HangWatch

CHECK_SECONDS = 5.0  # seldom, since each check wakes the process twice


async def guard_loop() -> None:
    """Count for as long as the event loop goes on, while a thread watches. Runs until cancelled."""
    watch, over = HangWatch(CHECK_SECONDS), threading.Event()
    watch.beat()  # LOADING_SECONDS would apply without one
    threading.Thread(target=_guard, args=(watch, over), name="hang guard", daemon=True).start()
    try:
        while True:
            watch.beat()
            await asyncio.sleep(CHECK_SECONDS)
    finally:
        over.set()


def _guard(watch: HangWatch, over: threading.Event) -> None:
    while not over.wait(CHECK_SECONDS):
        if watch.is_hung():
            end_hung("the event loop of the worker stands still; the worker ends, to be started again")
