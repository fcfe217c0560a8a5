"""Structured logs: one line per event, as text or JSON."""

import logging
import sys

import structlog

from app.settings import Settings


def quieten_logs() -> None:
    """Write only warnings, and to stderr, in commands: their output is on stdout.

    Web and worker configure their logs when they start.
    """
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def configure_logs(settings: Settings) -> None:
    """Set the format and the level of the log lines, LOG_FORMAT and LOG_LEVEL."""
    renderer = (
        structlog.processors.JSONRenderer()
        if settings.log_format == "json"
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
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[settings.log_level]
        ),
        logger_factory=structlog.PrintLoggerFactory(),
    )
