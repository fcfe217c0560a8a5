"""`upvote web`: the HTTP server alone."""

import os
import resource

import click
import structlog

from app.logs import configure_logs
from app.output import never_wait_for_output
from app.server.parent import environment_for_children
from app.settings import load_settings

log = structlog.get_logger()


@click.command()
def web() -> None:
    """Serve the pages and the API."""
    from app.board.start import check_start
    from app.server.listener import address_of, open_listener
    from app.server.web import BACKLOG, MAX_OPEN_REQUESTS, become_web
    from app.storage.schema import schema_problem

    settings = load_settings()
    never_wait_for_output()
    settings.require_secret_key()
    configure_logs(settings.log_format, settings.log_level)
    listening = open_listener(settings.host, settings.port, BACKLOG)
    check_start(settings)
    _allow_files(2 * MAX_OPEN_REQUESTS)
    os.environ.update(environment_for_children())
    log.info("web starts", address=address_of(listening), processes=settings.web_workers)
    if problem := schema_problem(settings):
        log.error(problem)
    become_web(
        listening,
        processes=settings.web_workers,
        log_format=settings.log_format,
        log_level=settings.log_level,
    )


def _allow_files(wanted: int) -> None:
    """Raise the limit of open files: each connection needs one, and the usual soft limit is 1024."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY:
        wanted = min(hard, wanted)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
