"""Send odd requests to a running board, and record what must not happen."""

import asyncio
import contextlib
import re
import ssl
from collections import Counter
from dataclasses import dataclass, field

from tests.http import Connection
from tests.security.attack import read_all
from tests.security.wire import Script, Wire
from tests.waiting import CEILING, until

ANSWER_SECONDS = 0.25  # without a further byte; then the client closes its side
STATUS = re.compile(rb"HTTP/1\.[01] (\d{3}) ")


@dataclass
class WireAttack:
    """Sends scripts to a port of this machine; counts kinds and statuses, and keeps what is wrong."""

    port: int
    wire: Wire
    at_once: int = 24
    # The statuses of a server in front of the board that refuses what it does not like.
    allowed: frozenset[bytes] = frozenset()
    encryption: ssl.SSLContext | None = None
    sent: Counter[str] = field(default_factory=Counter)
    came: Counter[str] = field(default_factory=Counter)
    wrong: list[tuple[str, bytes, bytes]] = field(default_factory=list)

    async def run(self, count: int) -> None:
        numbers = iter(range(count))

        async def send() -> None:
            for _ in numbers:
                await self._try(self.wire.script())

        await asyncio.gather(*[send() for _ in range(min(self.at_once, count))])

    async def check_honest(self, cookie: str, project_id: int, name: str) -> None:
        """Check that a visitor gets a page that is nobody's, and a vote is accepted."""
        async with Connection(self.port) as visitor, Connection(self.port, cookie) as voter:
            page = await visitor.get("/")
            assert page.status == 200
            assert "content-encoding" not in page.headers
            assert name not in page.text

            async def is_accepted() -> bool:
                """Return False if the machine is busy, or the process has only just begun."""
                status = (await voter.vote(project_id, 1)).status
                assert status in (200, 503), status
                return status == 200

            await until(is_accepted, "for a vote", every=0.1)
            assert (await visitor.get("/metrics#")).status in (400, 404)

    async def _try(self, script: Script) -> None:
        self.sent[script.kind] += 1
        answer = await self._exchange(script)
        # A database that is busy elsewhere; in a pipeline, for any of its requests.
        while answer is not None and b"503" in STATUS.findall(answer):
            self.came["busy"] += 1
            await asyncio.sleep(0.1)
            answer = await self._exchange(script)
        if answer is None:
            self._note("hang", script, b"")
            return
        statuses = [status for status in STATUS.findall(answer) if status != b"100"]
        self.came.update(status.decode() for status in statuses or [b"none"])
        if any(status >= b"500" and status not in self.allowed for status in statuses):
            self._note("5xx", script, answer)
        if script.kind == "trailers" and b"Sign out" in answer:  # by the cookie in the trailer
            self._note("signed in by a trailer", script, answer)
        if len(statuses) > script.requests:
            self._note("too many answers", script, answer)

    def _note(self, what: str, script: Script, answer: bytes) -> None:
        self.came[what] += 1
        self.wrong.append((f"{what}: {script.kind}", script.data[:800], answer[:800]))

    async def _exchange(self, script: Script) -> bytes | None:
        """Return all answers; None if the server does not close the connection."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, ssl=self.encryption)
        got = bytearray()
        try:
            with contextlib.suppress(OSError):  # the server has hung up
                for piece in script.pieces:
                    writer.write(piece)
                    await writer.drain()
                    await asyncio.sleep(0)
                can_close = writer.can_write_eof()  # not with TLS
                if (script.half_closes and can_close) or not await read_all(
                    reader, got, ANSWER_SECONDS
                ):
                    if not can_close:
                        return bytes(got)
                    writer.write_eof()
                    if not await read_all(reader, got, CEILING):
                        return None
            return bytes(got)
        finally:
            writer.close()
