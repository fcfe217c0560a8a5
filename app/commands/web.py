"""`upvote web`: the HTTP server alone."""

import gc
import os
import resource
import signal
import socket
from collections.abc import Callable
from multiprocessing.synchronize import Event
from typing import Any

import click

from app.settings import Settings, load_settings
from app.supervise.parent import environment_for_children, tie_to_parent

# Requests that one process works on at a time; every open page holds one for its live updates.
OPEN_REQUESTS = 20_000
BACKLOG = 4_096  # connections that wait to be accepted
HEADER_TIMEOUT = 30_000  # ms that a client may take to send the head of a request
HEADER_BUFFER = 64 * 1024  # bytes of it; app/web/gate.py refuses smaller ones with a reason
STOP_SECONDS = 2  # what open requests get at the end


@click.command()
def web() -> None:
    """Serve the pages and the API."""
    from app.serving.listener import listener
    from app.voting.sharding import check_shards

    settings = load_settings()
    check_shards(settings)
    listening = listener(settings.host, settings.port, BACKLOG)
    _allow_many_files()
    os.environ.update(environment_for_children())  # for load(), in the processes made here
    _server(settings, listening).serve(target_loader=load, wrap_loader=False)


def load(listening: int, ready: Event | None) -> Callable[..., Any]:
    """The application, for a fresh process; it says when it is ready, and dies with its maker."""
    tie_to_parent(signal.SIGKILL)
    from app.asgi import app, settings
    from app.voting.sharding import check_shards

    if ready is not None:  # on SIGHUP: an old process goes on where this one cannot
        check_shards(settings)
    # What was loaded lives as long as the process: the collector need not look at it again and again.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 50, 50)
    app.listening = listening
    if ready is not None:
        ready.set()
    return app


def _server(settings: Settings, listening: socket.socket) -> Any:
    from granian.constants import HTTPModes, Interfaces, Loops
    from granian.http import HTTP1Settings
    from granian.log import LogLevels

    from app.serving.drain import DRAIN_SECONDS
    from app.serving.server import WebServer

    return WebServer(
        listening,
        target="app.asgi:app",
        interface=Interfaces.ASGI,
        # Told apart from HTTP/2 by its first bytes, a fresh connection would be cut off by a stop.
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(HEADER_TIMEOUT, max_buffer_size=HEADER_BUFFER),
        address=settings.host,
        port=settings.port,
        workers=settings.web_workers,
        loop=Loops.uvloop,
        websockets=False,
        backlog=BACKLOG,
        backpressure=OPEN_REQUESTS,
        respawn_failed_workers=True,
        workers_kill_timeout=int(DRAIN_SECONDS) + STOP_SECONDS,
        log_level=LogLevels.error,
    )


def _allow_many_files() -> None:
    """A connection is a file; the usual soft limit of 1024 is for programs that use select()."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_REQUESTS * 2 if hard == resource.RLIM_INFINITY else min(hard, OPEN_REQUESTS * 2)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
