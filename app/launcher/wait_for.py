"""Wait for a limited time until a server answers."""

import asyncio
import http.client
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import redis

from app.errors import OperatorError
from app.settings import Settings
from app.threads import leave_signals

EMBEDDED_SECONDS = 60.0  # after a crash PostgreSQL may replay 2 GB of its log
EXTERNAL_SECONDS = 7.0  # enough for a restart of the server, and short for an operator who waits
WEB_SECONDS = 60.0
# What asking a server raises that does not answer, or, ValueError, has an address that is none.
ERRORS = (OSError, ValueError, http.client.HTTPException, asyncpg.PostgresError, redis.RedisError)


def wait_for_postgres(settings: Settings, check: Callable[[], None], log: Path) -> None:
    """Return when PostgreSQL answers, even if the database does not exist yet. Raises OperatorError."""
    external = None if settings.embedded_database else settings.database_url
    where, seconds, advice = _server(external, "DATABASE_URL", log)
    _wait(lambda: _ask_postgres(settings), check, seconds, f"PostgreSQL ({where})", advice)


def wait_for_redis(settings: Settings, check: Callable[[], None], log: Path) -> None:
    """Return when Redis answers and has loaded its data. Raises OperatorError."""
    external = None if settings.embedded_redis else settings.redis_url
    where, seconds, advice = _server(external, "REDIS_URL", log)
    _wait(lambda: _ask_redis(settings), check, seconds, f"Redis ({where})", advice)


def wait_for_web(address: str, check: Callable[[], None]) -> None:
    """Return when the web process answers /healthz. Raises OperatorError."""
    advice = "see the messages above, or run upvote web to see the reason"
    _wait(lambda: _ask_web(address), check, WEB_SECONDS, "the web process", advice)


def _server(external_url: str | None, setting: str, log: Path) -> tuple[str, float, str]:
    """Return where a server is, how many seconds it gets, and what to do if it does not answer."""
    if external_url is None:
        return "the embedded server", EMBEDDED_SECONDS, f"see {log}"
    return _place(external_url), EXTERNAL_SECONDS, f"start it or correct {setting}"


def _wait(
    ask: Callable[[], None], check: Callable[[], None], seconds: float, name: str, advice: str
) -> None:
    """Ask until the server answers. `check` raises an error if waiting has become useless."""
    deadline = time.monotonic() + seconds
    while True:
        check()
        try:
            return ask()
        except ERRORS as error:
            if time.monotonic() > deadline or isinstance(error, ValueError):
                raise OperatorError(f"{name} does not answer ({_reason(error)}): {advice}") from None
        time.sleep(0.1)


def _ask_postgres(settings: Settings) -> None:
    async def connect() -> None:
        connection = await asyncpg.connect(settings.database_url, timeout=2)
        await connection.close(timeout=2)

    try:
        _in_thread(lambda: asyncio.run(connect()))
    except asyncpg.InvalidCatalogNameError:
        return  # PostgreSQL answers; the migrations create the database
    except asyncpg.InterfaceError as error:
        raise ValueError(str(error)) from None


def _in_thread(work: Callable[[], None]) -> None:
    """Do the work in a thread: Ctrl-C inside an event loop could leave it hanging."""
    done: Future[None] = Future()

    def run() -> None:
        leave_signals()
        try:
            work()
            done.set_result(None)
        except BaseException as error:
            done.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    done.result()


def _ask_redis(settings: Settings) -> None:
    url = settings.redis_url or ""
    with redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2) as client:
        client.ping()


def _ask_web(address: str) -> None:
    # Ignore proxies in the environment, since the address is on this machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    opener.open(f"{address}/healthz", timeout=2).close()


def _place(url: str | None) -> str:
    """Return the host and port of a URL, without its password."""
    parts = urlsplit(url or "")
    return parts.netloc.rpartition("@")[2] or parts.path or "no address"


def _reason(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).split("\n")[0]
