"""`upvote serve`: start the whole board, then watch it (app/launcher/watch.py)."""

import asyncio
import contextlib
import signal
import subprocess
from types import FrameType

from app.board.start import check_start
from app.end_in_time import end_in_time
from app.errors import OperatorError
from app.launcher import leftovers
from app.launcher.embedded_servers import environment, prepare, start_servers, supervised
from app.launcher.lock import lock
from app.launcher.make_run import runs_under_make, stop_with_make
from app.launcher.output import forward_output
from app.launcher.role_command import command
from app.launcher.signals import SERVE_SIGNALS, SERVE_TIMEOUT, ignore_signals
from app.launcher.start_check import StartCheck
from app.launcher.supervisor import Daemon
from app.launcher.systemd import take_notify_address
from app.launcher.wait_for import wait_for_web
from app.launcher.watch import become_watcher
from app.logs import quieten_logs
from app.output import never_wait_for_output
from app.server.parent import environment_for_children, tie_to_parent
from app.server.ports import browser_url, check_port
from app.settings import Settings
from app.storage.migrate import migrate


class Stopped(KeyboardInterrupt):
    """Ctrl-C, SIGTERM or a closed terminal. asyncio lets a KeyboardInterrupt through."""


def serve(settings: Settings, demo: bool) -> None:
    """Start the board and become its watcher. Returns if a signal stops the start.

    Raises OperatorError when the board cannot start.
    """
    never_wait_for_output()
    quieten_logs()  # writes to the new stderr
    notify_address = take_notify_address()
    tie_to_parent(signal.SIGTERM)  # only when make started this process
    _stop_on_signals()
    if under_make := runs_under_make():
        stop_with_make()
    with contextlib.suppress(Stopped), lock(settings.data_dir) as lock_file:
        leftovers.clear(settings.data_dir)
        check_port(settings.host, settings.port, timeout=2)
        settings = prepare(settings)
        with supervised(settings) as daemon:
            _start(daemon, settings, demo)
            become_watcher(daemon, lock_file, notify_address, under_make=under_make)


def _start(daemon: Daemon, settings: Settings, demo: bool) -> None:
    start_servers(daemon, settings)
    migrate(settings)
    check_start(settings)
    if demo:
        _load_demo(settings)
    daemon.start("worker")
    daemon.start("web")
    address = browser_url(settings.host, settings.port)
    wait_for_web(address, StartCheck(daemon))
    _print_greeting(settings, address, demo)


def _load_demo(settings: Settings) -> None:
    # A separate process, so that Ctrl-C can end it at any point and leaves nothing behind.
    variables = environment_for_children(**environment(settings))
    pipe = subprocess.PIPE
    loading = subprocess.Popen(
        command("demo"), env=variables, process_group=0, stdout=pipe, stderr=pipe
    )
    forward_output(loading)
    try:
        loading.wait()
    except BaseException:
        loading.kill()
        loading.wait()
        raise
    if loading.returncode:
        raise OperatorError("the demo content could not be loaded (see above): start without --demo")


def _print_greeting(settings: Settings, address: str, demo: bool) -> None:
    lines = ["", f"  Upvote runs on {address}"]
    if demo:
        from app.demo import login, login_works

        username, password = login(settings)
        if not asyncio.run(login_works(settings)):
            password = "the password that was printed when the demo content was loaded"
        lines.append(f"  Demo login: {username} / {password}")
    print(*lines, "  Ctrl-C stops it.", "", sep="\n", flush=True)


def _stop_on_signals() -> None:
    def stop(number: int, frame: FrameType | None) -> None:
        ignore_signals()
        end_in_time(SERVE_TIMEOUT)
        raise Stopped

    for number in SERVE_SIGNALS:
        # An ignored SIGHUP comes from nohup and stays ignored. An ignored SIGINT comes from a script's
        # `&`, which does not mean it.
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, stop)
