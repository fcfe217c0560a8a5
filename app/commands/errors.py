"""One-line messages for the exceptions that an operator can fix."""

import errno
import socket
import sys

from app.errors import OperatorError
from app.settings import SettingsError

# A command that has not imported redis cannot have raised its errors, so it need not be imported here.
REDIS_ERRORS = ("RedisError", "RedisClusterException")
FULL = (errno.ENOSPC, errno.EDQUOT)


def one_line(error: Exception) -> str | None:
    """Return the line for the operator, or None for a bug, whose traceback is printed instead."""
    redis = sys.modules.get("redis.exceptions")
    if redis and isinstance(error, tuple(getattr(redis, name) for name in REDIS_ERRORS)):
        return f"Redis does not answer ({_first_line(error)}): start it, or correct REDIS_URL"
    if "asyncpg" in sys.modules and (advice := _postgresql_advice(error)):
        return f"PostgreSQL reports an error: {_first_line(error)}: {advice}"
    if isinstance(error, OperatorError | SettingsError):
        return _first_line(error)
    if isinstance(error, OSError):
        return _system_error(error)
    return None


def _postgresql_advice(error: Exception) -> str | None:
    import asyncpg

    advices = {
        asyncpg.InvalidCatalogNameError: "run upvote migrate, or correct DATABASE_URL",
        asyncpg.UndefinedTableError: "run upvote migrate",
        asyncpg.UndefinedColumnError: "run upvote migrate",
        asyncpg.InvalidAuthorizationSpecificationError: "correct user and password in DATABASE_URL",
        asyncpg.InsufficientPrivilegeError: "make the role in DATABASE_URL the owner of the database",
        asyncpg.TooManyConnectionsError: "raise its max_connections, or lower WEB_WORKERS",
        asyncpg.PostgresError: "look at its log, and run upvote doctor",
    }
    return next((text for kind, text in advices.items() if isinstance(error, kind)), None)


def _system_error(error: OSError) -> str:
    # If a socket is missing, asyncpg raises "No such file" without a name.
    no_socket = isinstance(error, FileNotFoundError) and not error.filename
    away = isinstance(error, ConnectionError | TimeoutError | socket.gaierror)
    if no_socket or away or "connect" in str(error).lower():
        reason = error.strerror or _first_line(error)
        advice = "start it (upvote serve starts its own), or correct DATABASE_URL and REDIS_URL"
        return f"a server does not answer ({reason}): {advice}"
    if error.errno in FULL:
        return (
            f"a disk is full ({_first_line(error)}): free some space where DATA_DIR is, and try again"
        )
    return f"the operating system reports an error: {_first_line(error)}"


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).split("\n")[0]
