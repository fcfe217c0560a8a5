"""Starts the voters (voters.py) and reads their reports."""

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.beside.answers import LOST, VOTE, Answer, unpack


@dataclass
class Crowd:
    """The running voters, and the totals of their votes so far."""

    process: asyncio.subprocess.Process
    accepted: int = 0
    unknown: int = 0  # votes without an answer, or with a 5xx: they may count

    async def report(self) -> list[Answer]:
        """Return all answers since the last report, with those to what was sent before now."""
        return await self._report(f"{time.monotonic()}")

    async def stop(self) -> None:
        """Stop voting, and count the last answers."""
        await self._report("stop")

    async def _report(self, line: str) -> list[Answer]:
        answers = unpack(await self._ask(f"{line}\n"))
        votes = [answer.status for answer in answers if answer.kind == VOTE]
        self.accepted += votes.count(200)
        self.unknown += sum(status == LOST or status >= 500 for status in votes)
        return answers

    async def _ask(self, line: str) -> bytes:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(line.encode())
        size = int(await self.process.stdout.readline())
        return await self.process.stdout.readexactly(size)


@asynccontextmanager
async def open_crowd(
    port: int, cookies: Path, rates: tuple[float, float], projects: Sequence[int]
) -> AsyncIterator[Crowd]:
    """Let them vote and read; `rates` are votes and pages a second."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.beside.voters", str(port), str(cookies)),
        *map(str, (*rates, *projects)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield Crowd(process)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
