"""The pace of a long job: while other work waits for the processors, it rests as long as it works.

On a machine with two cores PostgreSQL takes one of them for the statements of such a job, and the web
process and Redis wait for each other on the other one. A lower priority of PostgreSQL changed nothing
that could be measured (docs/benchmarks.md).
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

# Linux' pressure stall information: the time (us) in which some process waited for a processor.
PRESSURE = Path("/proc/pressure/cpu")
# The share of a piece's time. On two cores `upvote rebuild` alone reached 0.12, and `upvote verify`
# beside 1,000 votes a second 0.2 to 0.4.
BUSY = 0.2
MOST_SECONDS = 2.0  # of a rest: what waited has been done by then


@asynccontextmanager
async def paced() -> AsyncIterator[None]:
    """Do a piece of a long job; then rest as long as it took, if some process waited meanwhile.

    Where the system does not say whether one waited, there is no rest. A piece that fails has none.
    """
    began, waited = time.monotonic(), _waited()
    yield
    took = time.monotonic() - began
    if _waited() - waited > BUSY * took:
        await asyncio.sleep(min(took, MOST_SECONDS))


def _waited() -> float:
    """Return for how long (s) some process has waited, or 0 where that is unknown.

    The first line of the file is "some avg10=0.00 avg60=0.00 avg300=0.00 total=0".
    """
    with contextlib.suppress(OSError, ValueError):
        return int(PRESSURE.read_text().partition("\n")[0].rpartition("=")[2]) / 1e6
    return 0.0
