"""What each fast path saves: `python -m bench.fast_paths` measures every one beside plain Quart.

One process each, on servers of its own. The figure that counts is the web process' CPU a request: it
depends less on the load generator beside it than requests a second do.
"""

import asyncio
import contextlib
import os
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
import uvicorn

from bench.stage import Stage, _until_open, set_up
from bench.wrk import Load, wrk
from tests.processes import environment, free_port

SECONDS, WARM = 6, 2
PAGES_A_SECOND = 200


def main() -> None:
    if variant := os.environ.get("VARIANT"):
        _serve(variant, int(os.environ["PORT"]))
    else:
        asyncio.run(_measure())


async def _measure() -> None:
    with tempfile.TemporaryDirectory(prefix="upvote-bench-") as directory:
        async with set_up(Path(directory)) as stage:
            for variant in ("noop", "quart", "asgi", "bytes", "quart", "asgi", "bytes"):
                await _run(stage, variant, "votes", lambda port, s: stage.vote(port, s))
            asset = await _asset()
            for variant in ("quart", "bytes"):
                for who, signed_in in (("visitor", False), ("member", True)):
                    await _run(stage, variant, f"front page, {who}, at {PAGES_A_SECOND}/s",
                        lambda port, s, m=signed_in: stage.get(port, "/", s, signed_in=m, rate=PAGES_A_SECOND))  # fmt: skip
                await _run(stage, variant, "static file", lambda port, s: stage.get(port, asset, s))


async def _asset() -> str:
    from app.web.assets import asset

    return asset("css/vote.css")


async def _run(stage: Stage, variant: str, what: str, load: Callable[[int, int], Any]) -> None:
    async with _serving(stage, variant) as (port, process):
        target = (
            load
            if variant != "noop"
            else lambda port, s: wrk(port, "/", "get.lua", "-", 0, 1, seconds=s)
        )
        await target(port, WARM)
        before = process.cpu_times()
        result: Load = await target(port, SECONDS)
        after = process.cpu_times()
        used = after.user + after.system - before.user - before.system
        print(f"{what:40} {variant:6} {result.rate:9,.0f}/s  {1e6 * used / result.requests:7.0f} us CPU  "
              f"p99 {result.p99:.1f} ms  errors {result.errors}", flush=True)  # fmt: skip


@asynccontextmanager
async def _serving(stage: Stage, variant: str) -> AsyncIterator[tuple[int, psutil.Process]]:
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.fast_paths",
        env=environment(stage.settings, variant=variant, port=port), process_group=0,
    )  # fmt: skip
    try:
        await _until_open(port)
        yield port, psutil.Process(process.pid)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGINT)
        await process.wait()


def _serve(variant: str, port: int) -> None:
    from app.fast.fragments import vote_box_renderer  # noqa: F401
    from app.fast.vote_protocol import VoteProtocol
    from app.main import create_app
    from app.server.web_app import build_web_app
    from app.settings import load_settings
    from app.web.request_limits import RequestLimits
    from bench.asgi_votes import AsgiVotes
    from bench.yardsticks import noop

    settings = load_settings(log_level="WARNING")
    options: dict[str, Any] = {}
    app: Any = noop
    if variant != "noop":
        quart = create_app(settings)
        app, door = build_web_app(quart, settings)
        if variant == "bytes":
            options["http"] = type("Protocol", (VoteProtocol,), {"door": door, "drain": app})
        if variant == "quart":
            app = RequestLimits(quart, None)
        if variant == "asgi":
            app = RequestLimits(AsgiVotes(quart, quart), None)
    config = uvicorn.Config(
        app, port=port, **({"http": "httptools"} | options), interface="asgi3", loop="uvloop", ws="none",
        lifespan="off" if variant == "noop" else "on", log_config=None, access_log=False,
        proxy_headers=False, server_header=False, backlog=4096,
    )  # fmt: skip
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(config).run()


if __name__ == "__main__":
    main()
