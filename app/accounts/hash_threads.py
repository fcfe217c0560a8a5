"""The threads that hash passwords: the first gives way to everything else, the others less."""

import asyncio
import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from app.accounts.hash_line import AT_ONCE
from app.priority import NICENESS

Result = TypeVar("Result")

# By how many steps each thread gives way, and until when (s after the request arrived) it hashes
# without help. Beside four busy processes on two cores a hash that takes 0.1 s alone takes 2 s in the
# first thread and 0.6 s in the second one, and who signs in would be answered too late.
STEPS = ((NICENESS, 0.3), (NICENESS // 2, 0.6), (0, None))
SLOW, QUICK = 0.6, 0.2  # s; from so long on a hash took too long, and up to so long it took no time


class HashThreads:
    def __init__(self) -> None:
        self.threads = [
            (ThreadPoolExecutor(AT_ONCE, "password", initializer=_give_way, initargs=(steps,)), alone)
            for steps, alone in STEPS
        ]
        self.first = 0  # the thread to begin with

    async def run(self, work: Callable[[], Result], waited: float) -> Result:
        """Return what the work returns. While no thread has done it in time, the next one does it too.

        `waited` is how long (s) ago the request arrived.
        """
        loop = asyncio.get_running_loop()
        arrived = loop.time() - waited
        runs: set[asyncio.Future[Result]] = set()
        try:
            for thread, alone in self.threads[self.first :]:
                runs.add(loop.run_in_executor(thread, work))
                seconds = None if alone is None else max(QUICK, arrived + alone - loop.time())
                done, _ = await asyncio.wait(runs, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
                if done:
                    break
            return done.pop().result()
        finally:
            for run in runs:
                run.cancel()  # what has not begun

    def choose(self, took: float) -> None:
        """Choose where the next hash begins by how long (s) the last one took."""
        if took > SLOW:
            self.first = 1
        elif took < QUICK:
            self.first = 0


def _give_way(steps: int) -> None:
    """Lower the priority of this thread: votes, PostgreSQL and Redis go before hashes.

    Only on Linux each thread has its own. It is lowered by some steps and not set, since the board may
    have a low priority itself, and only root may raise one.
    """
    if sys.platform == "linux":
        os.nice(steps)


threads = HashThreads()
