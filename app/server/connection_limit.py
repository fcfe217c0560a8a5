"""How many connections a process may have open at once."""

import resource

import structlog

from app.logs import line_limit

log = structlog.get_logger()

# Files that are no connections of clients: those to PostgreSQL and Redis, logs, and new connections
# that are accepted before old ones are closed.
RESERVED_FILES = 500


def max_connections(limit: int | None) -> int:
    """Return the most connections within `limit` for which this process may open enough files."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = (limit or 20_000) - 1  # uvicorn answers 503 at its own limit
    if files == resource.RLIM_INFINITY:
        return wanted
    return min(wanted, max(files - RESERVED_FILES, files // 2))


def warn_of_limit(connections: int) -> None:
    """Log, at most once a minute, that connections which wait are closed to make room."""
    if line_limit.is_due("connections"):
        log.warning("too many connections; those that wait longest are closed", connections=connections)
