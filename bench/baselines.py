"""The baselines of the bench: an ASGI app that does nothing, and a plain Quart route.

The plain route is the product's own, without the fast paths and without the batcher: each vote is one
call to Redis.
"""

import os
from collections.abc import AsyncGenerator
from typing import Any

import uvicorn
from quart import Quart

ANSWER = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]}


async def noop(scope: Any, receive: Any, send: Any) -> None:
    """Answer "ok" to every request."""
    if scope["type"] == "lifespan":
        raise RuntimeError("the no-op has no lifespan")
    await send(ANSWER)
    await send({"type": "http.response.body", "body": b"ok"})


class PlainBatcher:
    """Casts each vote in a call of its own."""

    def __init__(self, batcher: Any, functions: Any) -> None:
        self._batcher, self._functions = batcher, functions

    async def cast(self, vote: Any, _arrived: float) -> Any:
        from app.voting.votes import Status

        [answer] = await self._functions.cast(0, [vote])
        return answer if answer.status is not Status.COLD else await self._batcher.cast(vote)


def plain_app() -> Quart:
    """Return the product's app without fast paths and batcher."""
    from dataclasses import replace

    from app.main import create_app
    from app.settings import load_settings

    app = create_app(load_settings())

    @app.while_serving
    async def without_batcher() -> AsyncGenerator[None]:
        services = app.extensions["upvote"]
        batcher: Any = PlainBatcher(services.batcher, services.functions)
        app.extensions["upvote"] = replace(services, batcher=batcher)
        yield

    return app


def serve(target: str, port: int) -> None:
    """Serve one of the two apps in one process, as app/server/web.py serves the product."""
    uvicorn.run(
        f"bench.baselines:{target}",
        port=port,
        http="httptools",
        loop="uvloop",
        ws="none",
        factory=target == "plain_app",
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_level="error",
        backlog=4096,
    )


if __name__ == "__main__":
    serve(os.environ["BASELINE"], int(os.environ["PORT"]))
