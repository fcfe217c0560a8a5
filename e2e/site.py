"""A site on another origin than the board, whose pages have <upvote-button>s.

Its policy is strict: it allows the board's script and the requests to it, and nothing inline.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html import escape
from urllib.parse import parse_qs, urlencode, urlsplit

POLICY = (
    "default-src 'none'; script-src 'self' {board}; connect-src {board};"
    " base-uri 'none'; require-trusted-types-for 'script'"
)
BUTTON = '<p>About {key} <upvote-button key="{key}" label="{key}"></upvote-button></p>'
PAGE = """<!doctype html><html lang="en"><title>Somebody's site</title>
<body>{buttons}
<script type="module" src="{board}/embed/upvote.js"></script>
<script type="module" src="/token.js?token={token}"></script>"""
# A page without a token says nothing.
TOKEN = """window.asked = 0;
UpvoteButton.token = async () => {{ window.asked += 1; return {token!r}; }};"""


@dataclass
class Site:
    port: int

    @property
    def origin(self) -> str:
        return f"http://localhost:{self.port}"

    def page(self, board: str, keys: list[str], token: str = "") -> str:
        """Return the address of a page with these buttons of the board, for the token's account."""
        query = urlencode({"board": board, "keys": ",".join(keys), "token": token})
        return f"{self.origin}/page?{query}"


@asynccontextmanager
async def running_site() -> AsyncIterator[Site]:
    """Serve the site on a free port."""
    server = await asyncio.start_server(_answer, "127.0.0.1", 0)
    async with server:
        yield Site(server.sockets[0].getsockname()[1])


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        address = urlsplit(head.split(b" ", 2)[1].decode())
        asked = {name: values[0] for name, values in parse_qs(address.query).items()}
        kind, body = _content(address.path, asked)
        policy = POLICY.format(board=asked.get("board", ""))
        writer.write(
            f"HTTP/1.1 200 OK\r\nContent-Type: {kind}; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
            f"Content-Security-Policy: {policy}\r\nConnection: close\r\n\r\n".encode()
            + body
        )
        await writer.drain()
    except (ConnectionError, asyncio.IncompleteReadError):
        pass  # the browser has gone
    finally:
        writer.close()


def _content(path: str, asked: dict[str, str]) -> tuple[str, bytes]:
    if path == "/token.js":
        token = asked.get("token")
        return "text/javascript", (TOKEN.format(token=token) if token else "").encode()
    keys = filter(None, asked.get("keys", "").split(","))
    buttons = "\n".join(BUTTON.format(key=escape(key)) for key in keys)
    html = PAGE.format(buttons=buttons, board=asked.get("board", ""), token=asked.get("token", ""))
    return "text/html", html.encode()
