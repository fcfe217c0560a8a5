"""The HTTP server of a web process: uvicorn's, with an event loop that shows that it goes on."""

import asyncio
import contextlib
from types import FrameType

from uvicorn import Config
from uvicorn.server import Server

from app.repeat import FOLLOW_SECONDS, until_next
from app.server.hang_watch import HangWatch


class BeatingServer(Server):
    """An HTTP server whose event loop shows its parent every FOLLOW_SECONDS that it goes on.

    Then the process wakes anyway. uvicorn's own would wake ten times a second to look whether it is to
    end.
    """

    def __init__(self, config: Config, watch: HangWatch | None) -> None:
        super().__init__(config)
        self._watch = watch
        self._ending = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def main_loop(self) -> None:
        self._loop = asyncio.get_running_loop()
        # on_tick writes the header Date anew with each counter of full tens.
        while not await self.on_tick(counter=0):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), until_next(FOLLOW_SECONDS))

    async def on_tick(self, counter: int) -> bool:
        if self._watch is not None:
            self._watch.beat()
        return await super().on_tick(counter)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        super().handle_exit(sig, frame)
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._ending.set)
