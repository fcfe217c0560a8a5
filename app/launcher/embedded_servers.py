"""Run the embedded servers under supervisord, for `serve` and for commands that need only them."""

import contextlib
from collections.abc import Iterator

from app.errors import OperatorError
from app.launcher import leftovers, postgres, supervisor_config, valkey
from app.launcher.lock import lock
from app.launcher.run_dir import make_run_dir
from app.launcher.secret_key import make_secret_key
from app.launcher.signals import ignore_signals
from app.launcher.start_check import StartCheck
from app.launcher.supervisor import Daemon, start_daemon
from app.launcher.wait_for import wait_for_postgres, wait_for_redis
from app.settings import Settings


@contextlib.contextmanager
def servers_up(settings: Settings, beside_serve: bool) -> Iterator[Settings]:
    """Start the embedded servers for as long as the block lasts, unless they run already.

    Yields the settings, now with a secret key. Raises OperatorError if `upvote serve` runs and
    `beside_serve` is False.
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
                settings = prepare(settings)
                start_servers(stack.enter_context(supervised(settings)), settings)
        yield settings


def prepare(settings: Settings) -> Settings:
    """Make everything that the servers need under DATA_DIR; return the settings with a secret key.

    Safe to repeat.
    """
    make_run_dir(settings.data_dir)
    supervisor_config.log_of(settings.data_dir, "web").parent.mkdir(exist_ok=True)
    if settings.embedded_database:
        postgres.prepare(settings.data_dir)
    if settings.embedded_redis:
        valkey.prepare(settings.data_dir)
    key = settings.secret_key or make_secret_key(settings.data_dir)
    return settings.model_copy(update={"secret_key": key})


@contextlib.contextmanager
def supervised(settings: Settings) -> Iterator[Daemon]:
    """Run a supervisord that knows all programs but has started none; stop it at the end."""
    supervisor_config.write(settings)
    daemon = start_daemon(settings.data_dir, environment(settings))
    try:
        daemon.wait_until_up()
        yield daemon
    finally:
        ignore_signals()
        daemon.stop()


def start_servers(daemon: Daemon, settings: Settings) -> None:
    """Start the embedded servers; returns when PostgreSQL and Redis answer, embedded or not.

    Raises OperatorError at once if an embedded one ends again and again.
    """
    check_programs = StartCheck(daemon)
    for name in supervisor_config.SERVERS:
        daemon.start(name)  # does nothing for a server that is not embedded

    data_dir = settings.data_dir
    wait_for_postgres(settings, check_programs, supervisor_config.log_of(data_dir, "postgres"))
    wait_for_redis(settings, check_programs, supervisor_config.log_of(data_dir, "valkey"))


def environment(settings: Settings) -> dict[str, str]:
    """Return the variables for the child processes, which get secrets only in this way."""
    values = {
        "DATA_DIR": str(settings.data_dir),
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "REDIS_QUEUE_URL": settings.redis_queue_url,
        "SECRET_KEY": settings.secret_key,
    }
    return {name: value for name, value in values.items() if value}
