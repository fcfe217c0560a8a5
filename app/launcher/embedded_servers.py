"""The embedded servers under supervisord: for `serve`, and for commands that need no more of it."""

import contextlib
import signal
from collections.abc import Iterator

from app import data_paths
from app.errors import OperatorError
from app.launcher import leftovers, postgres, supervisor_config, valkey
from app.launcher.lock import lock
from app.launcher.supervisor import Daemon
from app.launcher.wait_for import wait_for_postgres, wait_for_redis
from app.launcher.watch import check
from app.settings import Settings

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextlib.contextmanager
def servers_up(settings: Settings, beside_serve: bool) -> Iterator[None]:
    """The servers, for as long as the block lasts: those that run, else the embedded ones, started.

    Raises OperatorError where a running `serve` is not wanted beside the block.
    """
    with contextlib.ExitStack() as stack:
        if settings.embedded_database or settings.embedded_redis:
            try:
                stack.enter_context(lock(settings.data_dir))
            except OperatorError:
                if not beside_serve:
                    raise
            else:
                leftovers.clear(settings.data_dir)
                prepare(settings)
                start_servers(stack.enter_context(supervised(settings)), settings)
        yield


def prepare(settings: Settings) -> None:
    """Make what the servers need under DATA_DIR. May be repeated."""
    data_paths.make_run_dir(settings.data_dir)
    supervisor_config.log_of(settings.data_dir, "web").parent.mkdir(exist_ok=True)
    if settings.embedded_database:
        postgres.prepare(settings.data_dir)
    if settings.embedded_redis:
        valkey.prepare(settings.data_dir)


@contextlib.contextmanager
def supervised(settings: Settings) -> Iterator[Daemon]:
    """A supervisord that knows all programs and has started none."""
    supervisor_config.write(settings)
    daemon = Daemon(settings.data_dir, environment(settings))
    try:
        daemon.wait_until_up()
        yield daemon
    finally:
        ignore_signals()
        daemon.stop()


def start_servers(daemon: Daemon, settings: Settings) -> None:
    """Start those that are ours; returns when both answer, ours or not."""
    for name in supervisor_config.SERVERS:
        daemon.start(name)  # does nothing for one that is not ours

    def keep_on() -> None:
        check(daemon)

    data_dir = settings.data_dir
    wait_for_postgres(settings, keep_on, supervisor_config.log_of(data_dir, "postgres"))
    wait_for_redis(settings, keep_on, supervisor_config.log_of(data_dir, "valkey"))


def environment(settings: Settings) -> dict[str, str]:
    """What the children cannot find out by themselves; secrets go this way and no other."""
    values = {
        "DATA_DIR": str(settings.data_dir),
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "REDIS_QUEUE_URL": settings.redis_queue_url,
        "SECRET_KEY": settings.secret_key,
    }
    return {name: value for name, value in values.items() if value}


def ignore_signals() -> None:
    """A second Ctrl-C shall not cut the stopping short: it takes a limited time anyway."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
