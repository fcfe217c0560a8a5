"""Which exceptions are trouble that an operator can mend, and how they are put in one line."""

import socket
import sys

from app.errors import OperatorError
from app.settings import SettingsError

# Classes of modules that may not have been imported; then they cannot have been raised either.
ELSEWHERE = {
    "app.accounts.commands": ("CommandError", "{}"),
    "redis": ("RedisError", "Redis does not answer ({}): is REDIS_URL right and the server up?"),
}


def one_line(error: Exception) -> str | None:
    """The line for the operator, or None for a bug, which keeps its traceback."""
    for module, (name, text) in ELSEWHERE.items():
        if module in sys.modules and isinstance(error, getattr(sys.modules[module], name)):
            return text.format(_first_line(error))
    if "asyncpg" in sys.modules and (advice := _of_postgresql(error)):
        return f"PostgreSQL refused: {_first_line(error)}: {advice}"
    if isinstance(error, OperatorError | SettingsError):
        return _first_line(error)
    if isinstance(error, OSError):
        return _of_the_system(error)
    return None


def _of_postgresql(error: Exception) -> str | None:
    import asyncpg

    advices = {
        asyncpg.InvalidCatalogNameError: "run upvote migrate, or correct DATABASE_URL",
        asyncpg.UndefinedTableError: "run upvote migrate",
        asyncpg.UndefinedColumnError: "run upvote migrate",
        asyncpg.InvalidAuthorizationSpecificationError: "correct user and password in DATABASE_URL",
        asyncpg.InsufficientPrivilegeError: "the role of DATABASE_URL has to own the database",
        asyncpg.TooManyConnectionsError: "raise its max_connections, or lower WEB_WORKERS",
        asyncpg.PostgresError: "see its log, and run upvote doctor",
    }
    return next((text for kind, text in advices.items() if isinstance(error, kind)), None)


def _of_the_system(error: OSError) -> str:
    # asyncpg meets a socket that is not there: "No such file" without a name
    absent = isinstance(error, FileNotFoundError) and not error.filename
    away = isinstance(error, ConnectionError | TimeoutError | socket.gaierror)
    if absent or away or "connect" in str(error).lower():
        reason = error.strerror or _first_line(error)
        return f"a server does not answer ({reason}): start one with upvote serve, or check the URLs"
    return f"the system refused: {_first_line(error)}"


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).split("\n")[0]
