"""`upvote serve`, step by step."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from types import FrameType

from app.embedded import layout, postgres, valkey
from app.failure import Failure
from app.migrate import migrate
from app.settings import Settings
from app.supervise import config, leftovers
from app.supervise.daemon import Daemon
from app.supervise.launch import command
from app.supervise.lock import lock
from app.supervise.make_run import heed_make
from app.supervise.parent import environment_for_children, tie_to_parent
from app.supervise.ports import address_for_people, check_port
from app.supervise.reach import wait_for_postgres, wait_for_redis, wait_for_web
from app.supervise.watch import check, watch

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(KeyboardInterrupt):
    """Ctrl-C, SIGTERM or a closed terminal. A KeyboardInterrupt, which asyncio lets through."""


def serve(settings: Settings, demo: bool) -> None:
    """Run the board until a signal asks to stop. Raises Failure when it cannot run."""
    tie_to_parent(signal.SIGTERM)  # make run asks for it
    _stop_on_signals()
    heed_make()
    with contextlib.suppress(Stopped), lock(settings.data_dir):
        leftovers.clear(settings.data_dir)
        check_port(settings.host, settings.port, patience=2)
        _prepare(settings)
        with _supervised(settings) as daemon:
            _start(daemon, settings, demo)
            if not _has_terminal():
                _replace_web_on_hangup(daemon)
            watch(daemon)


def _prepare(settings: Settings) -> None:
    _make_directories(settings)
    if settings.embedded_database:
        postgres.prepare(settings.data_dir)
    if settings.embedded_redis:
        valkey.prepare(settings.data_dir)


def _make_directories(settings: Settings) -> None:
    layout.make_run_dir(settings.data_dir)
    config.log_of(settings.data_dir, "web").parent.mkdir(exist_ok=True)


@contextlib.contextmanager
def _supervised(settings: Settings) -> Iterator[Daemon]:
    config.write(settings)
    daemon = Daemon(settings.data_dir, _environment(settings))
    try:
        daemon.wait_until_up()
        yield daemon
    finally:
        _ignore_signals()
        daemon.stop()


def _start(daemon: Daemon, settings: Settings, demo: bool) -> None:
    def keep_on() -> None:
        check(daemon)

    _start_servers(daemon, settings, keep_on)
    migrate(settings)
    if demo:
        _load_demo(settings)
    daemon.start("worker")
    daemon.start("web")
    address = address_for_people(settings.host, settings.port)
    wait_for_web(address, keep_on)
    _greet(settings, address, demo)


def _start_servers(daemon: Daemon, settings: Settings, keep_on: Callable[[], None]) -> None:
    for name in config.SERVERS:
        daemon.start(name)  # does nothing for one that is not ours
    data_dir = settings.data_dir
    wait_for_postgres(settings, keep_on, config.log_of(data_dir, "postgres"))
    wait_for_redis(settings, keep_on, config.log_of(data_dir, "valkey"))


def _load_demo(settings: Settings) -> None:
    # A process of its own, which Ctrl-C can end at any point without a trace.
    environment = environment_for_children(**_environment(settings))
    loading = subprocess.run(command("demo"), env=environment, process_group=0, check=False)
    if loading.returncode:
        raise Failure("the demo content could not be loaded (see above): start without --demo")


def _greet(settings: Settings, address: str, demo: bool) -> None:
    lines = ["", f"  Upvote runs on {address}"]
    if demo:
        from app.demo import login

        username, password = login(settings)
        lines.append(f"  Demo login: {username} / {password}")
    print(*lines, "  Ctrl-C stops it.", "", sep="\n", flush=True)


def _environment(settings: Settings) -> dict[str, str]:
    """What the children cannot find out by themselves; secrets go this way and no other."""
    values = {
        "DATA_DIR": str(settings.data_dir),
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "REDIS_QUEUE_URL": settings.redis_queue_url,
        "SECRET_KEY": settings.secret_key,
    }
    return {name: value for name, value in values.items() if value}


def _stop_on_signals() -> None:
    def stop(number: int, frame: FrameType | None) -> None:
        _ignore_signals()
        raise Stopped

    for number in SIGNALS:
        # nohup asked to ignore the closed terminal; a script's `&` ignores INT without meaning it
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, stop)


def _has_terminal() -> bool:
    """Whether a terminal can be closed on us; under systemd and the like there is none."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR))
    except OSError:
        return False
    return True


def _replace_web_on_hangup(daemon: Daemon) -> None:
    """SIGHUP replaces the web processes one by one, without a failed request."""
    signal.signal(signal.SIGHUP, lambda number, frame: daemon.signal("web", "HUP"))


def _ignore_signals() -> None:
    """A second Ctrl-C shall not cut the stopping short: it takes a limited time anyway."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
