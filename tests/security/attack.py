"""Malformed HTTP, thrown at a running board: what is sent, and what must not come back."""

# ruff: noqa: E501 -- lists of what is thrown

import asyncio
import random
from collections import Counter
from urllib.parse import quote_plus

MARK = "<uv\"'>"  # what a page may show only escaped
HASTE, PATIENCE = 0.25, 5.0  # s: until we say that nothing more comes, and until that is a hang
ROADS = ["/", "/login", "/register", "/projects/new", "/projects/1/vote", "/projects/1", "/logout",
         "/api/votes", "/api/projects", "/me/votes", "/users/x", "/live", "/ops", "/static/x", "/embed"]  # fmt: skip
METHODS = [
    "GET",
    "POST",
    "PUT",
    "DELETE",
    "OPTIONS",
    "HEAD",
    "PATCH",
    "TRACE",
    "get",
    "\x00",
    "A" * 300,
]
FIELDS = ["username", "password", "next", "title", "url", "description", "value", "project_id", "sort"]
WORDS = ["", "1", "-1", "0", "2", "9" * 400, "null", "true", "\x00", "\r\nX-Evil: 1", "../" * 9, "%00", "%zz",
         "//evil", "javascript:alert(1)", "é" * 9, "\u202e", "{}", "[" * 3000, MARK, "${7*7}", "{{7*7}}", "' OR 1"]  # fmt: skip
NAMES = ["Host", "Cookie", "Content-Type", "Content-Length", "Transfer-Encoding", "Origin", "HX-Request",
         "Sec-Fetch-Site", "Referer", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "Range",
         "Authorization", "If-None-Match", "Expect", "X-Request-Id", "Accept", "Accept-Encoding"]  # fmt: skip
VALUES = [*WORDS, "chunked", "application/json", "multipart/form-data; boundary=x", "bytes=0-", "Bearer x",
          "application/x-www-form-urlencoded; charset=nonsense", "upvote_session=1.x.1", "a" * 9000, "same-origin"]  # fmt: skip


class Attack:
    """Throws inputs and counts what came of them."""

    def __init__(self, port: int, cookie: str, seed: int) -> None:
        self._port, self._cookie, self._random = port, cookie, random.Random(seed)
        self.counts: Counter[str] = Counter()
        self.found: list[tuple[str, bytes, bytes]] = []

    async def run(self, count: int, at_once: int = 24) -> None:
        inputs = iter(range(count))

        async def throw() -> None:
            for _ in inputs:
                await self._throw(self._input())

        await asyncio.gather(*[throw() for _ in range(at_once)])

    def _input(self) -> bytes:
        data = self._request()
        kind = self._random.choice(("odd", "flipped", "cut", "noise"))
        self.counts[kind] += 1
        if kind == "flipped":
            changed = bytearray(data)
            for _ in range(self._random.randint(1, 8)):
                changed[self._random.randrange(len(changed))] = self._random.randrange(256)
            return bytes(changed)
        if kind == "cut":
            return data[: self._random.randrange(len(data))] + b"\r\n\r\n"
        return (
            self._random.randbytes(self._random.randint(1, 400)) + b"\r\n\r\n"
            if kind == "noise"
            else data
        )

    def _request(self) -> bytes:
        pick = self._random.choice
        query = f"?{pick(FIELDS)}={quote_plus(pick(WORDS))}" if pick((0, 1)) else ""
        body = self._body()
        lines = [
            f"{pick(METHODS) if pick((0, 0, 1)) else pick(('GET', 'POST'))} {pick(ROADS)}{query} HTTP/1.1"
        ]
        lines += ["Host: 127.0.0.1", "Connection: close", f"Content-Length: {len(body)}"]
        lines += [f"Cookie: upvote_session={self._cookie}"] if pick((0, 1)) else []
        lines += ["Content-Type: application/x-www-form-urlencoded"] if pick((0, 1)) else []
        lines += [f"{pick(NAMES)}: {pick(VALUES)}" for _ in range(self._random.randint(0, 3))]
        return "\r\n".join([*lines, "", ""]).encode("utf-8", "replace") + body

    def _body(self) -> bytes:
        pick = self._random.choice
        if pick((0, 1)):
            return f'{{"project_id": {pick(WORDS)}, "vote_type": "{pick(WORDS)}"}}'.encode()
        return "&".join(
            f"{pick(FIELDS)}={quote_plus(pick(WORDS))}" for _ in range(pick((1, 2, 5)))
        ).encode()

    async def _throw(self, data: bytes) -> None:
        answer = await self._exchange(data)
        if answer is None:
            self._note("hang", data, b"")
            return
        status = answer[9:12].decode("latin-1") if answer.startswith(b"HTTP/1.") else "no answer"
        self.counts[status] += 1
        if status.startswith("5"):
            self._note("5xx", data, answer)
        if b"<uv" in answer and b"application/json" not in answer.partition(b"\r\n\r\n")[0]:
            self._note("echo", data, answer)

    def _note(self, what: str, data: bytes, answer: bytes) -> None:
        self.counts[what] += 1
        self.found.append((what, data[:600], answer[:600]))

    async def _exchange(self, data: bytes) -> bytes | None:
        """All that the server answers; None when it does not let go."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        got = b""
        try:
            writer.write(data)
            try:
                async with asyncio.timeout(HASTE):
                    got = await reader.read(65536)
            except TimeoutError:
                writer.write_eof()
            async with asyncio.timeout(PATIENCE):
                while more := await reader.read(65536):
                    got += more
                    if b"text/event-stream" in got:
                        return got
        except ConnectionError:
            return got
        except TimeoutError:
            # A request that waits for no more than its keep-alive has been answered.
            return got or None
        finally:
            writer.close()
        return got
