"""`python -m bench.fast_paths`: compares each fast path with plain Quart.

Each variant runs in one process, on the bench's own servers. The relevant figure is the CPU time of the
web process for each request: it depends less on the load generator on the same machine than the
requests a second do.
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

from app.commands.signals import interrupt_on_signals
from bench.board import BenchBoard, open_board, wait_until_open
from bench.wrk import Load, wrk
from tests.ports import free_port
from tests.processes import environment

SECONDS, WARM_UP = 6, 2
PAGES_A_SECOND = 200


def main() -> None:
    if variant := os.environ.get("VARIANT"):
        _serve(variant, int(os.environ["PORT"]))
    else:
        interrupt_on_signals()
        asyncio.run(_measure())


async def _measure() -> None:
    with tempfile.TemporaryDirectory(prefix="upvote-bench-") as directory:
        async with open_board(Path(directory)) as board:
            for variant in ("noop", "quart", "asgi", "bytes", "quart", "asgi", "bytes"):
                await _run(board, variant, "votes", lambda port, s: board.vote(port, s))
            asset = await _asset()
            for variant in ("quart", "bytes"):
                for who, signed_in in (("visitor", False), ("member", True)):
                    await _run(
                        board, variant, f"front page, {who}, at {PAGES_A_SECOND}/s",
                        lambda port, s, m=signed_in: board.get(
                            port, "/", s, signed_in=m, rate=PAGES_A_SECOND
                        ),
                    )  # fmt: skip
                await _run(board, variant, "static file", lambda port, s: board.get(port, asset, s))


async def _asset() -> str:
    from app.web.assets import asset

    return asset("css/vote.css")


async def _run(board: BenchBoard, variant: str, what: str, load: Callable[[int, int], Any]) -> None:
    async with _serving(board, variant) as (port, process):
        target = (
            load
            if variant != "noop"
            else lambda port, s: wrk(port, "/", "get.lua", "-", 0, 1, seconds=s)
        )
        await target(port, WARM_UP)
        before = process.cpu_times()
        result: Load = await target(port, SECONDS)
        after = process.cpu_times()
        used = after.user + after.system - before.user - before.system
        print(
            f"{what:40} {variant:6} {result.rate:9,.0f}/s  "
            f"{1e6 * used / result.requests:7.0f} us CPU  "
            f"p99 {result.p99:.1f} ms  errors {result.errors}",
            flush=True,
        )


@asynccontextmanager
async def _serving(board: BenchBoard, variant: str) -> AsyncIterator[tuple[int, psutil.Process]]:
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.fast_paths",
        env=environment(board.settings, variant=variant, port=port), process_group=0,
    )  # fmt: skip
    try:
        await wait_until_open(port)
        yield port, psutil.Process(process.pid)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGINT)
        await process.wait()


def _serve(variant: str, port: int) -> None:
    from app.main import create_app
    from app.server.web_app import build_web_app
    from app.settings import load_settings
    from app.web.request_limits import RequestLimits
    from bench.asgi_votes import AsgiVotes
    from bench.baselines import noop

    settings = load_settings(log_level="WARNING")
    options: dict[str, Any] = {}
    app: Any = noop
    if variant != "noop":
        quart = create_app(settings)
        app, protocol = build_web_app(quart, settings)
        if variant == "bytes":
            options["http"] = protocol
        if variant == "quart":
            app = RequestLimits(quart, None)
        if variant == "asgi":
            app = RequestLimits(AsgiVotes(quart, quart), None)
    config = uvicorn.Config(
        app, port=port, **({"http": "httptools"} | options), interface="asgi3", loop="uvloop",
        ws="none",
        lifespan="off" if variant == "noop" else "on", log_config=None, access_log=False,
        proxy_headers=False, server_header=False, backlog=4096,
    )  # fmt: skip
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(config).run()


if __name__ == "__main__":
    main()
