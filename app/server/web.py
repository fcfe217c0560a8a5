"""`python -m app.server.web`: starts and watches the web processes, which `upvote web` becomes.

What `upvote web` checks before needs settings and a driver of PostgreSQL, some 15 MB that would stay in
memory for as long as it runs. So `become_web` replaces the program of the process and keeps its id and
its listening socket. Each web process reads the settings for itself.
"""

import json
import os
import socket
import sys
from typing import TYPE_CHECKING, Any, NoReturn

from uvicorn import Config

from app.logs import configure_logs
from app.output import drain_output, never_wait_for_output
from app.server.web_processes import WebServer

if TYPE_CHECKING:
    from app.settings import Settings

# Open requests in each process; every open page needs one for its live updates.
MAX_OPEN_REQUESTS = 20_000
BACKLOG = 4_096  # connections waiting to be accepted
KEEP_ALIVE_SECONDS = 75  # of an idle connection; longer than proxies keep theirs
STOP_SECONDS = 2  # for open requests to end when the server stops


def become_web(listener: socket.socket, settings: "Settings") -> NoReturn:
    """Go on as the process that serves on this listening socket."""
    state = {
        "listener": listener.fileno(),
        "processes": settings.web_workers,
        "log_format": settings.log_format,
        "log_level": settings.log_level,
    }
    drain_output()
    listener.set_inheritable(True)
    # -P keeps Python from importing modules from the working directory, unless ours come from there.
    options = () if sys.path[0] == os.getcwd() else ("-P",)
    program = [sys.executable, *options, "-m", "app.server.web", json.dumps(state)]
    os.execv(program[0], program)  # noqa: S606 - no shell is wanted


def main(state: dict[str, Any]) -> None:
    """Serve until a signal asks to stop, in the state that `become_web` tells."""
    never_wait_for_output()
    configure_logs(state["log_format"], state["log_level"])
    WebServer(_config(state["processes"]), socket.socket(fileno=state["listener"])).run()


def _config(processes: int) -> Config:
    """Return uvicorn's settings. It never loads the app itself: app/server/web_processes.py does."""
    return Config(
        "app.main:create_app",
        workers=processes,
        interface="asgi3",
        loop="uvloop",
        ws="none",
        lifespan="on",
        log_config=None,
        log_level="critical",  # the app logs requests itself
        access_log=False,
        proxy_headers=False,  # app/web/proxies.py reads the headers of trusted proxies
        server_header=False,
        backlog=BACKLOG,
        limit_concurrency=MAX_OPEN_REQUESTS,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=STOP_SECONDS,
    )


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
