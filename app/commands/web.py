"""`upvote web`: the HTTP server alone."""

import os
import resource

import click
import structlog
from uvicorn import Config

from app.logs import configure_logs
from app.output import never_wait_for_output
from app.server.parent import environment_for_children
from app.settings import Settings, load_settings

log = structlog.get_logger()

# Open requests in each process; every open page needs one for its live updates.
MAX_OPEN_REQUESTS = 20_000
BACKLOG = 4_096  # connections waiting to be accepted
KEEP_ALIVE_SECONDS = 75  # of an idle connection; longer than proxies keep theirs
STOP_SECONDS = 2  # for open requests to end when the server stops


@click.command()
def web() -> None:
    """Serve the pages and the API."""
    from app.board.start import check_start
    from app.server.listener import address_of, open_listener
    from app.server.web_processes import WebServer
    from app.storage.schema import schema_problem

    settings = load_settings()
    never_wait_for_output()
    settings.require_secret_key()
    configure_logs(settings)
    listening = open_listener(settings.host, settings.port, BACKLOG)
    check_start(settings)
    _allow_many_files()
    os.environ.update(environment_for_children())
    log.info("web starts", address=address_of(listening), processes=settings.web_workers)
    if problem := schema_problem(settings):
        log.error(problem)
    WebServer(_config(settings), listening).run()


def _config(settings: Settings) -> Config:
    """Return uvicorn's settings. It never loads the app itself: app/server/web_processes.py does."""
    return Config(
        "app.main:create_app",
        workers=settings.web_workers,
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


def _allow_many_files() -> None:
    """Raise the limit of open files: each connection needs one, and the usual soft limit is 1024."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * MAX_OPEN_REQUESTS
    if hard != resource.RLIM_INFINITY:
        wanted = min(hard, wanted)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
