"""`upvote web`: the HTTP server alone."""

import os
import resource

import click
import structlog
from uvicorn import Config

from app.logs import configure_logs
from app.server.parent import environment_for_children
from app.settings import Settings, load_settings

log = structlog.get_logger()

# Requests that one process works on at a time; every open page holds one for its live updates.
OPEN_REQUESTS = 20_000
BACKLOG = 4_096  # connections that wait to be accepted
IDLE_SECONDS = 75  # that a connection may rest between two requests: longer than proxies let it
STOP_SECONDS = 2  # what open requests get at the end


@click.command()
def web() -> None:
    """Serve the pages and the API."""
    from app.server.listener import listener
    from app.server.web_processes import WebServer
    from app.storage.schema import schema_trouble
    from app.voting.sharding import check_shards

    settings = load_settings()
    configure_logs(settings)
    check_shards(settings)
    listening = listener(settings.host, settings.port, BACKLOG)
    _allow_many_files()
    os.environ.update(environment_for_children())
    log.info("web starts", host=settings.host, port=settings.port, processes=settings.web_workers)
    if trouble := schema_trouble(settings):
        log.error(trouble)
    WebServer(_config(settings), listening).run()


def _config(settings: Settings) -> Config:
    """The processes build the app themselves (app/server/web_processes.py), so this one is not loaded."""
    return Config(
        "app.main:create_app",
        workers=settings.web_workers,
        interface="asgi3",
        loop="uvloop",
        ws="none",
        lifespan="on",
        log_config=None,
        log_level="critical",  # what a request does is logged by the app
        access_log=False,
        proxy_headers=False,  # app/web/proxies.py knows whom to trust
        server_header=False,
        backlog=BACKLOG,
        limit_concurrency=OPEN_REQUESTS,
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=STOP_SECONDS,
    )


def _allow_many_files() -> None:
    """A connection is a file; the usual soft limit of 1024 is for programs that use select()."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_REQUESTS * 2 if hard == resource.RLIM_INFINITY else min(hard, OPEN_REQUESTS * 2)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
