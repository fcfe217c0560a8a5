"""Watches the programs of a board that runs: what `upvote serve` becomes once it has started them.

The start needs settings, migrations and the drivers of both servers, some 30 MB that would stay in
memory for as long as the board runs. So `become_watcher` replaces the program of the process and keeps
its id, its lock and its children. What a restart or the end needs is loaded when one happens.
"""

import contextlib
import json
import os
import select
import signal
import sys
import time
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NoReturn

from app.errors import OperatorError
from app.launcher.make_run import stop_with_make
from app.launcher.output import forward_output, stop_forwarding
from app.launcher.role_command import command
from app.launcher.signals import SIGNALS, ignore_signals
from app.launcher.systemd import tell_systemd
from app.output import never_wait_for_output

if TYPE_CHECKING:
    from app.launcher.supervisor import Daemon

INTERVAL = 0.5  # s between two checks while something is not running


def become_watcher(
    daemon: "Daemon", lock_file: IO[str], notify_address: str, *, under_make: bool
) -> NoReturn:
    """Go on as the watcher of the programs, which run. Signals that arrive meanwhile wait for it."""
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    tell_systemd(notify_address)
    state = {
        "data_dir": str(daemon.data_dir),
        "supervisord": daemon.process.pid,
        "pids": daemon.pids(),
        "output": list(daemon.output),
        "has_terminal": _has_terminal(),
        "under_make": under_make,
    }
    stop_forwarding()
    for descriptor in (lock_file.fileno(), *daemon.output):
        os.set_inheritable(descriptor, True)
    program = command("watch", json.dumps(state))
    os.execv(program[0], program)  # noqa: S606 - no shell is wanted


class Watcher:
    """Prints a line for each restart of a program, and stops all when it is asked to."""

    def __init__(self, state: dict[str, Any]) -> None:
        self._state = state
        self._pids: dict[str, int] = state["pids"]

    def run(self) -> int:
        """Return the exit code, when supervisord and all programs have ended."""
        signals = _signals(has_terminal=self._state["has_terminal"])
        try:
            self._watch(signals)
        except OperatorError as error:
            print(f"upvote: {error}", file=sys.stderr)
            return 1
        finally:
            ignore_signals()
            self._stop()
        return 0

    @cached_property
    def _daemon(self) -> "Daemon":
        from app.launcher.adopted_child import AdoptedChild
        from app.launcher.supervisor import Daemon

        return Daemon(Path(self._state["data_dir"]), AdoptedChild(self._state["supervisord"]))

    def _watch(self, signals: int) -> None:
        """Return when a signal asks to stop. Raises OperatorError when supervisord has died."""
        while True:
            arrived = wait(signals, [self._state["supervisord"], *self._pids.values()])
            if arrived and (set(arrived) != {signal.SIGHUP} or self._state["has_terminal"]):
                return
            if arrived:
                self._daemon.signal("web", "HUP")  # replaces its processes one by one
            else:
                self._check()

    def _check(self) -> None:
        self._daemon.check()
        for name, pid in self._daemon.pids().items():
            if pid and pid != self._pids.get(name):
                print(f"upvote: {name} had stopped and was restarted", flush=True)
            self._pids[name] = pid or self._pids.get(name, 0)

    def _stop(self) -> None:
        from app.end_in_time import end_in_time
        from app.launcher.supervisor import SERVE_TIMEOUT

        end_in_time(SERVE_TIMEOUT)
        self._daemon.stop()


def watch(state: dict[str, Any]) -> int:
    """Watch the programs of a board in the state that `become_watcher` tells; return the exit code."""
    never_wait_for_output()
    forward_output(*state["output"])
    if state["under_make"]:
        stop_with_make()
    return Watcher(state).run()


def wait(signals: int, pids: Sequence[int]) -> bytes:
    """Return the numbers of signals that arrived, or b"" a moment after a process has ended.

    Where the system cannot tell, or one does not run, return b"" after INTERVAL.
    """
    longest = None
    with contextlib.ExitStack() as stack:
        poll = select.poll()
        poll.register(signals, select.POLLIN)
        for pid in pids:
            try:
                descriptor = os.pidfd_open(pid)
            except (AttributeError, OSError):
                longest = INTERVAL * 1000
                continue
            stack.callback(os.close, descriptor)
            poll.register(descriptor, select.POLLIN)
        ready = dict(poll.poll(longest))
    if signals in ready:
        return os.read(signals, 64)
    if ready:
        time.sleep(INTERVAL)
    return b""


def _signals(*, has_terminal: bool) -> int:
    """Return a file descriptor from which the numbers of the signals can be read, one a byte."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer)
    for number in SIGNALS:
        # An ignored SIGHUP comes from nohup, and then the end of a terminal stays ignored.
        is_ignored = number == signal.SIGHUP and signal.getsignal(number) == signal.SIG_IGN
        if not (is_ignored and has_terminal):
            signal.signal(number, lambda number, frame: None)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    return reader


def _has_terminal() -> bool:
    """Return whether this process has a terminal that can be closed. Under systemd it has none."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR))
    except OSError:
        return False
    return True
