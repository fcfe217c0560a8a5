"""`upvote web`: the HTTP server alone."""

import os
import resource
import signal
from collections.abc import Callable
from typing import Any

import click

from app.settings import Settings, load_settings
from app.supervise.parent import environment_for_children, tie_to_parent

# Requests that one process works on at a time; every open page holds one for its live updates.
OPEN_REQUESTS = 20_000
BACKLOG = 4_096  # connections that wait to be accepted
STOP_SECONDS = 2  # what open requests get at the end; live updates never end by themselves


@click.command()
def web() -> None:
    """Serve the pages and the API."""
    from app.supervise.ports import check_port

    settings = load_settings()
    check_port(settings.host, settings.port)
    _allow_many_files()
    os.environ.update(environment_for_children())  # for load(), in the processes made here
    _server(settings).serve(target_loader=load, wrap_loader=False)


def load() -> Callable[..., Any]:
    """The application, for a fresh worker process: it dies with the process that made it."""
    tie_to_parent(signal.SIGKILL)
    from app.asgi import app

    return app


def _server(settings: Settings) -> Any:
    from granian import Granian
    from granian.constants import Interfaces, Loops
    from granian.log import LogLevels

    return Granian(
        "app.asgi:app",
        interface=Interfaces.ASGI,
        address=settings.host,
        port=settings.port,
        workers=settings.web_workers,
        loop=Loops.uvloop,
        websockets=False,
        backlog=BACKLOG,
        backpressure=OPEN_REQUESTS,
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_SECONDS,
        log_level=LogLevels.error,
    )


def _allow_many_files() -> None:
    """A connection is a file; the usual soft limit of 1024 is for programs that use select()."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_REQUESTS * 2 if hard == resource.RLIM_INFINITY else min(hard, OPEN_REQUESTS * 2)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
