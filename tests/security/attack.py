"""Send malformed HTTP to a running board and record forbidden answers."""

import asyncio
import contextlib
import random
import time
from collections import Counter
from urllib.parse import quote_plus

from tests.security.payloads import (
    FIELDS,
    KINDS,
    METHODS,
    NAMES,
    PATHS,
    TYPES,
    VALUES,
    WORDS,
)
from tests.waiting import CEILING

ANSWER_SECONDS = 0.2  # s of waiting for more; afterwards the server must close the connection
VOTES = 0.1  # of the inputs
AT_ONCE = 32  # connections


class Attack:
    """Sends inputs and counts the results by kind of input and by status."""

    def __init__(self, port: int, cookies: list[str], seed: int) -> None:
        self._port, self._cookies, self._random = port, cookies, random.Random(seed)
        self.sent: Counter[str] = Counter()
        self.came: Counter[str] = Counter()
        self.found: list[tuple[str, bytes, bytes]] = []

    async def run(self, count: int, at_once: int = AT_ONCE) -> None:
        inputs = iter(range(count))

        async def send_inputs() -> None:
            for _ in inputs:
                await self._send(self._input())

        await asyncio.gather(*[send_inputs() for _ in range(min(at_once, count))])

    def _input(self) -> bytes:
        kind = self._random.choice(KINDS)
        self.sent[kind] += 1
        vote = self._random.random() < VOTES
        return self._corrupt(kind, self._vote() if vote else self._request())

    def _corrupt(self, kind: str, data: bytes) -> bytes:
        if kind == "flipped":
            changed = bytearray(data)
            for _ in range(self._random.randint(1, 8)):
                changed[self._random.randrange(len(changed))] = self._random.randrange(256)
            return bytes(changed)
        if kind == "cut":
            return data[: self._random.randrange(len(data))] + b"\r\n\r\n"
        if kind == "noise":
            return self._random.randbytes(self._random.randint(1, 400)) + b"\r\n\r\n"
        if kind == "piped":
            return b"".join(self._request("keep-alive") for _ in range(2)) + data
        return data

    def _request(self, connection: str = "close") -> bytes:
        pick = self._random.choice
        query = f"?{pick(FIELDS)}={quote_plus(pick(WORDS))}" if pick((0, 1)) else ""
        body = self._body()
        method = pick(METHODS) if pick((0, 0, 1)) else pick(("GET", "POST"))
        lines = [f"{method} {pick(PATHS)}{query} HTTP/1.1", "Host: 127.0.0.1"]
        lines += [f"Connection: {connection}", f"Content-Length: {len(body)}"]
        lines += [f"Cookie: upvote_session={self._cookie()}"] if pick((0, 1)) else []
        lines += [f"Content-Type: {pick(TYPES)}"] if pick((0, 1)) else []
        lines += [f"{pick(NAMES)}: {pick(VALUES)}" for _ in range(self._random.randint(0, 3))]
        return "\r\n".join([*lines, "", ""]).encode("utf-8", "replace") + body

    def _vote(self) -> bytes:
        """Return a vote that the fast path accepts, before it is corrupted."""
        value = self._random.choice(("1", "0", "-1"))
        lines = [f"POST /projects/{self._random.randint(1, 3)}/vote HTTP/1.1", "Host: 127.0.0.1"]
        lines += ["HX-Request: true", f"Content-Type: {TYPES[0]}", "Sec-Fetch-Site: same-origin"]
        lines += [f"Cookie: upvote_session={self._cookie()}", f"Content-Length: {6 + len(value)}"]
        return "\r\n".join([*lines, "", f"value={value}"]).encode("utf-8", "replace")

    def _cookie(self) -> str:
        """Return a valid cookie or one with a changed character."""
        cookie = self._random.choice(self._cookies)
        if self._random.random() < 0.7:
            return cookie
        at = self._random.randrange(len(cookie))
        return cookie[:at] + self._random.choice(VALUES) + cookie[at + 1 :]

    def _body(self) -> bytes:
        pick = self._random.choice
        if pick((0, 1)):
            return f'{{"project_id": {pick(WORDS)}, "vote_type": "{pick(WORDS)}"}}'.encode()
        count = pick((1, 2, 5, 5, 200))
        fields = [f"{pick(FIELDS)}={quote_plus(pick(WORDS)[:500])}" for _ in range(count)]
        return "&".join(fields).encode()

    async def _send(self, data: bytes) -> None:
        deadline = time.monotonic() + CEILING
        answer = await self._exchange(data)
        while answer is not None and answer[9:12] == b"503" and time.monotonic() < deadline:
            self.came["busy"] += 1  # PostgreSQL did not answer within a second
            await asyncio.sleep(0.1)
            answer = await self._exchange(data)
        if answer is None:
            self._note("hang", data, b"")
            return
        status = answer[9:12].decode("latin-1") if answer.startswith(b"HTTP/1.") else "none"
        self.came[status] += 1
        if status.startswith("5"):
            self._note("5xx", data, answer)
        head = answer.partition(b"\r\n\r\n")[0].lower()
        if b"<uv" in answer and b"application/json" not in head:
            self._note("unescaped", data, answer)
        if b"\r\nx-evil" in head:
            self._note("split", data, answer)

    def _note(self, what: str, data: bytes, answer: bytes) -> None:
        self.came[what] += 1
        self.found.append((what, data[:600], answer[:600]))

    async def _exchange(self, data: bytes) -> bytes | None:
        """Return the answer until the server closes the connection; None if it does not close it."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        got = bytearray()
        try:
            with contextlib.suppress(OSError):  # the server has closed the connection already
                writer.write(data)
                if not await read_all(reader, got, ANSWER_SECONDS):
                    writer.write_eof()
                    if not await read_all(reader, got, CEILING):
                        return None
            return bytes(got)
        finally:
            writer.close()


async def read_all(reader: asyncio.StreamReader, got: bytearray, seconds: float) -> bool:
    """Read until nothing comes for so many s; return whether the server has closed, or streams."""
    with contextlib.suppress(TimeoutError):
        while more := await asyncio.wait_for(reader.read(65_536), seconds):
            got += more
            if b"text/event-stream" in got:
                return True
        return True
    return False
