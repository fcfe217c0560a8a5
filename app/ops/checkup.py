"""What the doctor says, asked once for all who look: /ops renews itself in every admin's browser."""

import asyncio
import time

from app.doctor.check import Check
from app.doctor.examine import examine
from app.settings import Settings

# A little less than a page waits before it asks again: whoever looks alone sees nothing twice.
REMEMBERED_SECONDS = 4.0


class Checkup:
    """The checks as of a few seconds ago; one examination at a time."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._flight: asyncio.Task[list[Check]] | None = None
        self._fresh_until = 0.0  # monotonic, s

    async def checks(self) -> list[Check]:
        """Raises nothing, as the examination itself."""
        if self._flight is None or (self._flight.done() and time.monotonic() > self._fresh_until):
            self._flight = asyncio.create_task(self._examine())
        return await asyncio.shield(self._flight)

    async def _examine(self) -> list[Check]:
        checks = await examine(self._settings)
        self._fresh_until = time.monotonic() + REMEMBERED_SECONDS
        return checks
