"""`python -m app.server.web`: what `upvote web` becomes; it starts and watches the web processes.

`upvote web` first checks settings and servers, which loads some 15 MB that would stay in memory for as
long as it runs. So `become_web` replaces the program of the process (exec), which keeps its id and its
listening socket. Each web process reads the settings for itself.

The module keeps its name: each new web process loads it, also after an upgrade beside an older parent.
"""

import json
import os
import signal
import socket
import sys
from typing import TYPE_CHECKING, NoReturn, TypedDict

from app.become import become
from app.logs import configure_logs
from app.output import never_wait_for_output

if TYPE_CHECKING:  # otherwise imported when it serves: `upvote web` need not load it twice
    from uvicorn import Config

# Open requests in each process; every open page needs one for its live updates.
MAX_OPEN_REQUESTS = 20_000
BACKLOG = 4_096  # connections waiting to be accepted
KEEP_ALIVE_SECONDS = 75  # of an idle connection; longer than proxies keep theirs
# They wait until the server can handle them.
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
STOP_SECONDS = 2  # for open requests to end when the server stops


class ServeState(TypedDict):
    """What the parent of the web processes has to know."""

    listener: int  # the file descriptor of the listening socket
    processes: int
    log_format: str
    log_level: str


def become_web(listener: socket.socket, *, processes: int, log_format: str, log_level: str) -> NoReturn:
    """Replace this program with the one that serves on this listening socket."""
    state = ServeState(
        listener=listener.fileno(),
        processes=processes,
        log_format=log_format,
        log_level=log_level,
    )
    # -P keeps Python from importing modules from the working directory, unless ours come from there.
    options = () if sys.path[0] == os.getcwd() else ("-P",)
    program = [sys.executable, *options, "-m", "app.server.web", json.dumps(state)]
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    become(program, keep=[listener.fileno()])


def main(state: ServeState) -> None:
    """Serve until a signal asks to stop."""
    from app.server.web_processes import WebServer

    never_wait_for_output()
    configure_logs(state["log_format"], state["log_level"])
    server = WebServer(_config(state["processes"]), socket.socket(fileno=state["listener"]))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)  # before it starts processes, which inherit it
    server.run()


def _config(processes: int) -> "Config":
    """Return uvicorn's settings. It never loads the app itself: app/server/web_processes.py does."""
    from uvicorn import Config

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
