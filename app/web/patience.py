"""Patience with clients that say what they want and then send nothing more."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any


class Patience:
    """Waits for the next piece of a body, for up to twice so many seconds.

    A timer a request would cost ten microseconds, a sixth of a vote; noting who waits costs one.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._waiting: dict[asyncio.Task[Any], float] = {}
        self._looking: asyncio.TimerHandle | None = None

    async def wait(self, receive: Callable[[], Awaitable[Any]]) -> Any:
        """What comes, or None when nothing does; `receive` may be asked again then."""
        task, loop = asyncio.current_task(), asyncio.get_running_loop()
        assert task is not None
        if self._looking is None:
            self._looking = loop.call_later(self._seconds, self._look, loop)
        self._waiting[task] = loop.time()
        try:
            return await receive()
        except asyncio.CancelledError:
            if task in self._waiting:  # it was not us
                raise
            task.uncancel()
            return None
        finally:
            self._waiting.pop(task, None)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        late = loop.time() - self._seconds
        for task in [task for task, since in self._waiting.items() if since <= late]:
            del self._waiting[task]
            task.cancel()
        self._looking = loop.call_later(self._seconds, self._look, loop) if self._waiting else None
