"""Requests that are odd on the wire: their framing, their fields, and what comes around them."""

import random
from collections.abc import Callable
from dataclasses import dataclass

from tests.security.payloads import NAMES, PATHS, VALUES

NL = b"\r\n"
FORM = b"Content-Type: application/x-www-form-urlencoded"
CHUNKED = b"Transfer-Encoding: chunked"
TRAILERS = (
    b"X-Forwarded-For: 192.0.2.7",
    b"Host: evil.example",
    b"Content-Length: 7",
    b"HX-Request: true",
)
SIZES = (
    b"0", b"1", b"5", b"00005", b"5 ", b" 5", b"+5", b"-1", b"0x5", b"f" * 16, b"f" * 17, b"8" * 40,
    b"", b"5;name=value", b"5;" + b"x" * 3_000, b"5\n", b"zz", b"5\x00", b"7fffffffffffffff", b"f" * 8,
)  # fmt: skip
LENGTHS = (
    b"5",
    b"0",
    b"-1",
    b"+5",
    b"5, 5",
    b"5,6",
    b"0x5",
    b"99999999999999999999",
    b"",
    b" ",
    b"5\x00",
)
ENCODINGS = (
    b"chunked",
    b"Chunked",
    b"xchunked",
    b"identity",
    b"gzip, chunked",
    b"chunked, identity",
    b"",
)
ODD_LINES = (
    b"X: a\r\n folded", b"X: a\r\n\tfolded", b"X: a\nY: b", b"X: a\rY: b", b"X: a\x00b", b"X : a",
    b": a", b"X", b"\x00: a", b"X: \xff\xfe", b" X: a", b"X:a", b"\xe9: a", b"X: a\x7f",
    b"X: " + b"y" * 17_000,
)  # fmt: skip
IDLE = (b"\r\n", b"\n", b"\r", b"\r\n" * 500, b" ", b"\x00", b"\r\n\r\n")
LIVE = b"GET /live?projects=%d HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


@dataclass(frozen=True)
class Script:
    """What a client sends, piece by piece, and how many answers it may get at most."""

    kind: str
    pieces: list[bytes]
    requests: int
    half_closes: bool = False

    @property
    def data(self) -> bytes:
        return b"".join(self.pieces)


class Wire:
    """Makes scripts, the same for the same seed."""

    def __init__(self, cookies: list[str], project_id: int, seed: int) -> None:
        self._random = random.Random(seed)
        self._cookies, self._project_id = cookies, project_id
        self._kinds: dict[str, Callable[[], tuple[bytes, int]]] = {
            "trailers": self._trailers,
            "chunk sizes": self._chunk_sizes,
            "two framings": self._two_framings,
            "odd lines": self._odd_lines,
            "duplicates": self._duplicates,
            "many fields": self._many_fields,
            "idle bytes": self._idle_bytes,
            "pipeline": self._pipeline,
            "expect": self._expect,
            "upgrade": self._upgrade,
            "partial vote": self._partial_vote,
            "vote and more": self._vote_and_more,
            "address": self._address,
        }

    def script(self) -> Script:
        kind = self._random.choice(tuple(self._kinds))
        data, requests = self._kinds[kind]()
        if self._random.random() < 0.01:  # few, since each waits until the stream ends
            kind, data, requests = "behind a stream", LIVE % self._project_id + data, requests + 1
        return Script(kind, self._split(data), requests, self._random.random() < 0.2)

    def _split(self, data: bytes) -> list[bytes]:
        cuts = sorted(
            self._random.randrange(len(data) + 1) for _ in range(self._random.choice((0, 0, 1, 3)))
        )
        return [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]

    def _head(
        self, *lines: bytes, method: bytes = b"POST", target: bytes = b"", close: bool = True
    ) -> bytes:
        target = target or self._random.choice((b"/login", b"/projects/1/vote", b"/api/votes", b"/"))
        end = [b"Connection: close"] if close else []
        return NL.join([method + b" " + target + b" HTTP/1.1", b"Host: 127.0.0.1", *end, *lines, NL])

    def _cookie(self) -> bytes:
        return b"Cookie: upvote_session=" + self._random.choice(self._cookies).encode()

    def _vote(self, *lines: bytes) -> bytes:
        value = self._random.choice((b"1", b"0", b"-1"))
        fields = [b"HX-Request: true", FORM, b"Sec-Fetch-Site: same-origin", self._cookie(), *lines]
        length = b"Content-Length: %d" % (6 + len(value))
        target = b"/projects/%d/vote" % (self._project_id + self._random.choice((0, 0, 0, 1)))
        return self._head(*fields, length, target=target, close=False) + b"value=" + value

    def _get(self) -> bytes:
        target = self._random.choice((b"/", b"/healthz", b"/login", b"/static/x", b"/?sort=new"))
        return self._head(method=self._random.choice((b"GET", b"HEAD")), target=target, close=False)

    def _trailers(self) -> tuple[bytes, int]:
        pick = self._random.choice
        if pick((0, 1)):
            head = self._head(CHUNKED, method=b"GET", target=pick((b"/", b"/?sort=new")))
        else:
            head = self._head(CHUNKED, FORM)
        body = b"" if pick((0, 1)) else b"7\r\nvalue=1\r\n"
        named = (*TRAILERS, self._cookie(), self._cookie())
        fields = [pick(named) for _ in range(pick((1, 1, 2, 200)))]
        fields += [pick(ODD_LINES)] if self._random.random() < 0.2 else []
        return head + body + b"0\r\n" + NL.join([*fields, NL]), 1

    def _chunk_sizes(self) -> tuple[bytes, int]:
        chunks = [
            self._random.choice(SIZES) + NL + b"value" + NL for _ in range(self._random.randint(1, 4))
        ]
        return self._head(CHUNKED, FORM) + b"".join(chunks) + b"0\r\n\r\n", 2

    def _two_framings(self) -> tuple[bytes, int]:
        pick = self._random.choice
        lines = [b"Content-Length: " + pick(LENGTHS), b"Transfer-Encoding: " + pick(ENCODINGS)]
        lines += [pick(lines)] if pick((0, 1)) else []
        self._random.shuffle(lines)
        body = pick((b"", b"5\r\nvalue\r\n0\r\n\r\n", b"value", b"0\r\n\r\n"))
        return self._head(*lines, FORM) + body + self._get(), 3

    def _odd_lines(self) -> tuple[bytes, int]:
        lines = [self._random.choice(ODD_LINES) for _ in range(self._random.randint(1, 3))]
        data = self._vote(*lines) if self._random.random() < 0.3 else self._head(*lines, method=b"GET")
        return data, 2

    def _duplicates(self) -> tuple[bytes, int]:
        names = [self._random.choice(NAMES) for _ in range(2)]
        lines = [f"{name}: {self._random.choice(VALUES)}".encode() for name in names for _ in range(2)]
        lines += [b"Accept-Encoding: gzip;q=0", b"Accept-Encoding: gzip"]
        return self._vote(*lines) if self._random.random() < 0.5 else self._head(
            *lines, method=b"GET"
        ), 2

    def _many_fields(self) -> tuple[bytes, int]:
        count = self._random.choice((90, 98, 101, 102, 500))
        head = self._head(*[b"X: y"] * count, method=b"GET", target=b"/healthz")
        return head if self._random.random() < 0.5 else head[:-4], 1

    def _idle_bytes(self) -> tuple[bytes, int]:
        parts = [self._random.choice((self._get(), self._vote())) for _ in range(2)]
        return b"".join(self._random.choice(IDLE) + part for part in parts) + self._random.choice(
            IDLE
        ), 3

    def _pipeline(self) -> tuple[bytes, int]:
        count = self._random.choice((2, 3, 10, 50))
        parts = [self._random.choice((self._get, self._vote))() for _ in range(count)]
        cut = self._random.choice((0, 0, 1, 10))
        return b"".join(parts)[: -cut or None], count

    def _expect(self) -> tuple[bytes, int]:
        pick = self._random.choice
        expect = b"Expect: " + pick((b"100-continue", b"100-Continue", b"nothing", b""))
        return self._head(expect, FORM, b"Content-Length: 7") + pick((b"", b"value=1", b"val")), 1

    def _upgrade(self) -> tuple[bytes, int]:
        pick = self._random.choice
        lines = [
            b"Connection: " + pick((b"Upgrade", b"upgrade, HTTP2-Settings", b"keep-alive, Upgrade"))
        ]
        lines += [
            b"Upgrade: " + pick((b"websocket", b"h2c", b"x" * 900)),
            b"HTTP2-Settings: AAMAAABkAAQ",
        ]
        method = pick((b"GET", b"POST", b"CONNECT"))
        head = self._head(*lines, b"Content-Length: 5", method=method, close=False)
        return head + b"value" + pick((b"", self._get(), b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")), 3

    def _partial_vote(self) -> tuple[bytes, int]:
        vote = self._vote()
        return vote[: self._random.randrange(1, len(vote))], 1

    def _vote_and_more(self) -> tuple[bytes, int]:
        more = self._random.choice(
            (b"&value=0", b"\r\n", b"x" * 70_000, self._get(), self._vote()[:-3])
        )
        return self._vote() + more, 3

    def _address(self) -> tuple[bytes, int]:
        target = self._random.choice(PATHS).encode() + self._random.choice(
            (b"", b"#x", b"?\xff", b"\x00")
        )
        return self._head(
            method=b"GET", target=self._random.choice((target, b"//metrics", b"/%6detrics"))
        ), 1
