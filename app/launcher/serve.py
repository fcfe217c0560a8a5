"""`upvote serve`, step by step."""

import contextlib
import os
import signal
import subprocess
from types import FrameType

from app.errors import OperatorError
from app.launcher import leftovers
from app.launcher.embedded_servers import (
    SIGNALS,
    environment,
    ignore_signals,
    prepare,
    start_servers,
    supervised,
)
from app.launcher.launch import command
from app.launcher.lock import lock
from app.launcher.make_run import heed_make
from app.launcher.supervisor import Daemon
from app.launcher.wait_for import wait_for_web
from app.launcher.watch import check, watch
from app.server.parent import environment_for_children, tie_to_parent
from app.server.ports import address_for_people, check_port
from app.settings import Settings
from app.storage.migrate import migrate
from app.voting.sharding import check_shards


class Stopped(KeyboardInterrupt):
    """Ctrl-C, SIGTERM or a closed terminal. A KeyboardInterrupt, which asyncio lets through."""


def serve(settings: Settings, demo: bool) -> None:
    """Run the board until a signal asks to stop. Raises OperatorError when it cannot run."""
    tie_to_parent(signal.SIGTERM)  # make run asks for it
    _stop_on_signals()
    heed_make()
    with contextlib.suppress(Stopped), lock(settings.data_dir):
        leftovers.clear(settings.data_dir)
        check_port(settings.host, settings.port, patience=2)
        prepare(settings)
        with supervised(settings) as daemon:
            _start(daemon, settings, demo)
            if not _has_terminal():
                _replace_web_on_hangup(daemon)
            watch(daemon)


def _start(daemon: Daemon, settings: Settings, demo: bool) -> None:
    start_servers(daemon, settings)
    migrate(settings)
    check_shards(settings)
    if demo:
        _load_demo(settings)
    daemon.start("worker")
    daemon.start("web")
    address = address_for_people(settings.host, settings.port)
    wait_for_web(address, lambda: check(daemon))
    _greet(settings, address, demo)


def _load_demo(settings: Settings) -> None:
    # A process of its own, which Ctrl-C can end at any point without a trace.
    variables = environment_for_children(**environment(settings))
    loading = subprocess.run(command("demo"), env=variables, process_group=0, check=False)
    if loading.returncode:
        raise OperatorError("the demo content could not be loaded (see above): start without --demo")


def _greet(settings: Settings, address: str, demo: bool) -> None:
    lines = ["", f"  Upvote runs on {address}"]
    if demo:
        from app.demo import login

        username, password = login(settings)
        lines.append(f"  Demo login: {username} / {password}")
    print(*lines, "  Ctrl-C stops it.", "", sep="\n", flush=True)


def _stop_on_signals() -> None:
    def stop(number: int, frame: FrameType | None) -> None:
        ignore_signals()
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
