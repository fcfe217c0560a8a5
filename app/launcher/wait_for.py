"""Waiting, for a limited time, until a server answers."""

import asyncio
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

EMBEDDED_SECONDS = 60.0  # recovery after a crash may replay 2 GB of log
EXTERNAL_SECONDS = 7.0  # long enough for a restart, short enough to look at
WEB_SECONDS = 60.0


def wait_for_postgres(settings: Settings, keep_on: Callable[[], None], log: Path) -> None:
    """Return when PostgreSQL answers, whether or not our database is there yet."""
    if settings.embedded_database:
        advice, seconds = f"see {log}", EMBEDDED_SECONDS
    else:
        advice, seconds = "start it or mend DATABASE_URL", EXTERNAL_SECONDS
    where = "the embedded server" if settings.embedded_database else _place(settings.database_url)
    _wait(lambda: _ask_postgres(settings), keep_on, seconds, f"PostgreSQL ({where})", advice)


def wait_for_redis(settings: Settings, keep_on: Callable[[], None], log: Path) -> None:
    """Return when Redis answers and has loaded its data."""
    if settings.embedded_redis:
        advice, seconds = f"see {log}", EMBEDDED_SECONDS
    else:
        advice, seconds = "start it or mend REDIS_URL", EXTERNAL_SECONDS
    where = "the embedded server" if settings.embedded_redis else _place(settings.redis_url)
    _wait(lambda: _ask_redis(settings), keep_on, seconds, f"Redis ({where})", advice)


def wait_for_web(address: str, keep_on: Callable[[], None]) -> None:
    """Return when the web process says that it is alive."""
    advice = "the reason stands above; upvote web alone shows it too"
    _wait(lambda: _ask_web(address), keep_on, WEB_SECONDS, "the web process", advice)


def _wait(
    ask: Callable[[], None], keep_on: Callable[[], None], seconds: float, who: str, advice: str
) -> None:
    """Ask until there is an answer; `keep_on` raises what makes waiting useless."""
    deadline = time.monotonic() + seconds
    while True:
        keep_on()
        try:
            return ask()
        except (OSError, ValueError, asyncpg.PostgresError, redis.RedisError) as error:
            if time.monotonic() > deadline or isinstance(error, ValueError):
                raise OperatorError(f"{who} does not answer ({_reason(error)}): {advice}") from None
        time.sleep(0.1)


def _ask_postgres(settings: Settings) -> None:
    async def connect() -> None:
        connection = await asyncpg.connect(settings.database_url, timeout=2)
        await connection.close(timeout=2)

    try:
        _in_thread(lambda: asyncio.run(connect()))
    except asyncpg.InvalidCatalogNameError:
        return  # it answers; the database is made by the migrations
    except asyncpg.InterfaceError as error:
        raise ValueError(str(error)) from None


def _in_thread(work: Callable[[], None]) -> None:
    """Ctrl-C must not strike within an event loop: what it tears may never end."""
    done: Future[None] = Future()

    def run() -> None:
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
    # No proxy from the environment: the address is on this machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    opener.open(f"{address}/healthz", timeout=2).close()


def _place(url: str | None) -> str:
    """Host and port of a URL, without its password."""
    parts = urlsplit(url or "")
    return parts.netloc.rpartition("@")[2] or parts.path or "no address"


def _reason(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).split("\n")[0]
