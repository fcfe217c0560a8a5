"""What the figures are held against: an ASGI app that does nothing, and a plain Quart route.

The plain route is the product's own, without the fast door and without the desk: a vote is one call
to Redis.
"""

import os
from collections.abc import AsyncGenerator
from typing import Any

from quart import Quart

ANSWER = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]}


async def noop(scope: Any, receive: Any, send: Any) -> None:
    """Answers "ok" to everything."""
    await send(ANSWER)
    await send({"type": "http.response.body", "body": b"ok"})


class PlainDesk:
    """Casts each vote by itself."""

    def __init__(self, desk: Any, functions: Any) -> None:
        self._desk, self._functions = desk, functions

    async def cast(self, vote: Any) -> Any:
        from app.voting.votes import Status

        [answer] = await self._functions.cast(0, [vote])
        return answer if answer.status is not Status.COLD else await self._desk.cast(vote)


def plain_app() -> Quart:
    from dataclasses import replace

    from app.main import create_app
    from app.settings import load_settings

    app = create_app(load_settings())

    @app.while_serving
    async def without_desk() -> AsyncGenerator[None]:
        services = app.extensions["upvote"]
        desk: Any = PlainDesk(services.desk, services.functions)
        app.extensions["upvote"] = replace(services, desk=desk)
        yield

    return app


def serve(target: str, port: int) -> None:
    """Serve one of the two on one worker, as app/commands/web.py serves the product."""
    from granian import Granian
    from granian.constants import Interfaces, Loops
    from granian.log import LogLevels

    Granian(
        f"bench.yardsticks:{target}",
        interface=Interfaces.ASGI,
        address="127.0.0.1",
        port=port,
        workers=1,
        loop=Loops.uvloop,
        websockets=False,
        backlog=4096,
        factory=target == "plain_app",
        log_level=LogLevels.error,
    ).serve()


if __name__ == "__main__":
    serve(os.environ["YARDSTICK"], int(os.environ["PORT"]))
