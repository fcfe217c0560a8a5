"""The web app with its fast paths as an ASGI app, for comparison with Quart alone."""

import asyncio

from quart import Quart
from uvicorn import Config
from uvicorn.server import ServerState

from app.fast.vote_protocol import VoteProtocol
from app.server.web_app import build_web_app
from app.settings import load_settings
from tests.waiting import CEILING


class FastVotesApp:
    """An ASGI app that sends each request to a new connection as bytes, and returns the answer."""

    def __init__(self, app: Quart, **settings: object) -> None:
        settings = {"secret_key": "not used by any test", **settings}
        web_app = build_web_app(app, load_settings(**settings))
        options = {"access_log": False, "proxy_headers": False, "log_config": None}
        self._config = Config(web_app.app, ws="none", interface="asgi3", lifespan="off", **options)
        self._config.load()
        self._connection = web_app.protocol
        self._state = ServerState()

    def connect(self, client: tuple[str, int] = ("127.0.0.1", 1)) -> "Client":
        """Open a connection from the address of a client."""
        transport = Client(client, self._state)
        transport.connection = self._connection(
            config=self._config, server_state=self._state, app_state={}, _loop=transport.loop
        )
        transport.connection.connection_made(transport)
        return transport

    async def __call__(self, scope, receive, send) -> None:
        client = self.connect(scope["client"])
        try:
            client.send(request_bytes(scope, (await receive())["body"]))
            await send_events(client.answer, send, bodiless=scope["method"] == "HEAD")
        finally:
            client.hang_up()


OPENED: set["Client"] = set()


async def hang_up_all() -> None:
    """Close all connections and wait until the app has ended their requests.

    A request that still waits when the event loop ends is cancelled, which is printed as an error.
    """
    tasks = [task for client in OPENED for task in client.state.tasks]
    for client in OPENED:
        if not client.hung_up:
            client.hang_up()
    await asyncio.gather(*tasks, return_exceptions=True)
    OPENED.clear()


class Client:
    """The client side of a connection: a transport that keeps the written bytes."""

    connection: VoteProtocol

    def __init__(self, client: tuple[str, int], state: ServerState) -> None:
        self.loop = asyncio.get_running_loop()
        self.state = state
        self.answer = asyncio.StreamReader()
        self.closing = False
        self.unread = 0  # bytes that the server has written and the client has not read
        self.hung_up = False
        OPENED.add(self)
        self._client = client

    def send(self, data: bytes) -> None:
        self.connection.data_received(data)

    def hang_up(self) -> None:
        self.closing = self.hung_up = True
        self.connection.connection_lost(None)

    def write(self, data: bytes) -> None:
        if not self.closing:  # like a closed socket, which drops later data
            self.answer.feed_data(data)

    def close(self) -> None:
        self.closing = True
        self.answer.feed_eof()

    def abort(self) -> None:
        self.close()

    def get_write_buffer_size(self) -> int:
        return self.unread

    def is_closing(self) -> bool:
        return self.closing

    def get_extra_info(self, name: str) -> object:
        return self._client if name == "peername" else None

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


def request_bytes(scope, body: bytes) -> bytes:
    """Return an ASGI request as HTTP/1.1 bytes."""
    query = b"?" + scope["query_string"] if scope["query_string"] else b""
    lines = [b"%s %s%s HTTP/1.1" % (scope["method"].encode(), scope["path"].encode(), query)]
    lines += [b"%s: %s" % header for header in scope["headers"]]
    return b"\r\n".join([*lines, b"", body])


async def send_events(answer: asyncio.StreamReader, send, *, bodiless: bool = False) -> None:
    """Read an HTTP/1.1 answer and send it as ASGI events."""
    head = await answer.readuntil(b"\r\n\r\n")
    first, *lines = head.rstrip().split(b"\r\n")
    headers = [tuple(line.split(b": ", 1)) for line in lines]
    status = int(first.split()[1])
    await send({"type": "http.response.start", "status": status, "headers": headers})
    length = int(dict(headers).get(b"content-length", 0))
    if bodiless or status in (204, 304):
        length = 0
    elif (b"transfer-encoding", b"chunked") in headers:
        while size := int(await answer.readline(), 16):
            piece = (await answer.readexactly(size + 2))[:-2]
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await answer.readline()
    await send({"type": "http.response.body", "body": await answer.readexactly(length)})


async def status(client: Client) -> int:
    """Return the status of the next answer."""
    events = []

    async def keep(event):
        events.append(event)

    await asyncio.wait_for(send_events(client.answer, keep), CEILING)
    return events[0]["status"]


async def answers(client: Client) -> list[bytes]:
    """Return the status of each answer until the server hangs up."""
    got = await asyncio.wait_for(client.answer.read(), CEILING)
    return [line[9:12] for line in got.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")]
