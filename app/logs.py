"""Structured logs: one line per event, as text or JSON."""

import asyncio
import logging
import sys
import time
from typing import Any

import structlog

REPEAT_SECONDS = 60.0  # between two lines that say the same


def quieten_logs() -> None:
    """Write only warnings, and to stderr, in commands: their output is on stdout.

    Web and worker configure their logs when they start. A command ends with a line about a server
    that is away, so the line about the outage is left out.
    """
    structlog.configure(
        processors=[_drop_outage, *structlog.get_config()["processors"]],
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


class LineLimit:
    """Lets a line through at most once in REPEAT_SECONDS: a failure with each request fills a log."""

    def __init__(self) -> None:
        self._logged: dict[str, float] = {}  # line -> when it was logged last; monotonic, s

    def is_due(self, line: str) -> bool:
        """Return whether the line is to be logged now."""
        now = time.monotonic()
        if now - self._logged.get(line, -REPEAT_SECONDS) < REPEAT_SECONDS:
            return False
        self._logged[line] = now
        return True

    def forget(self, line: str) -> bool:
        """Let the line through at once the next time; return whether it was logged before."""
        return self._logged.pop(line, None) is not None


line_limit = LineLimit()


def _drop_outage(_: Any, __: str, event: Any) -> Any:
    if event["event"] == "a server is away":
        raise structlog.DropEvent
    return event


def log_loop_errors(loop: asyncio.AbstractEventLoop) -> None:
    """Log as one line what asyncio would print with a traceback: an exception that nobody waits for."""
    loop.set_exception_handler(_log_loop_error)


def _log_loop_error(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    error, task = context.get("exception"), context.get("task") or context.get("future")
    if isinstance(error, ConnectionError) and not isinstance(task, asyncio.Task):
        # asyncpg leaves such a future when it is cancelled between connecting and asking for TLS.
        structlog.get_logger().warning("a connection failed that nobody waited for", reason=repr(error))
        return
    structlog.get_logger().error(context["message"], error=repr(error), task=repr(task), exc_info=error)


def configure_logs(log_format: str, log_level: str) -> None:
    """Set the format and the level of the log lines, LOG_FORMAT and LOG_LEVEL."""
    renderer = (
        structlog.processors.JSONRenderer()
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[log_level]),
        logger_factory=structlog.WriteLoggerFactory(),  # one write a line
    )
