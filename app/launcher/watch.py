"""Watches the programs of a running board: `upvote serve` becomes this once it has started them.

The start needs settings, migrations and the drivers of both servers: some 30 MB that would stay in
memory for as long as the board runs. So `become_watcher` replaces the program of the process (exec),
which keeps its id, its lock and its children. What only a restart or the end needs is imported then.
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
from typing import IO, TYPE_CHECKING, NoReturn, TypedDict

from app.become import become
from app.errors import OperatorError
from app.launcher.adopted_child import AdoptedChild
from app.launcher.make_run import stop_with_make
from app.launcher.output import forward_descriptors, forwarding
from app.launcher.role_command import command
from app.launcher.signals import (
    SERVE_SIGNALS,
    SERVE_TIMEOUT,
    STOP_TIMEOUT,
    ignore_signals,
)
from app.launcher.systemd import notify_systemd
from app.output import never_wait_for_output

if TYPE_CHECKING:
    from app.launcher.supervisor import Daemon

INTERVAL = 0.5  # s between two checks while something is not running


class WatchState(TypedDict):
    """What the watcher has to know of the board that `upvote serve` has started."""

    data_dir: str
    supervisord: int  # its process id
    pids: dict[str, int]  # program -> process id; 0 if it does not run
    output: list[int]  # file descriptors with the output of supervisord, web and worker
    has_terminal: bool
    under_make: bool
    notify_address: str


def become_watcher(
    daemon: "Daemon", lock_file: IO[str], notify_address: str, *, under_make: bool
) -> NoReturn:
    """Replace this program with the watcher of the programs, which run.

    A signal that arrives before is handled as during the start; a later one waits for the watcher.
    """
    state = WatchState(
        data_dir=str(daemon.data_dir),
        supervisord=daemon.process.pid,
        pids=daemon.pids(),
        output=list(daemon.output),
        has_terminal=_has_terminal(),
        under_make=under_make,
        notify_address=notify_address,
    )
    program = command("watch", json.dumps(state))
    with forwarding:  # what has not been read yet stays in the pipes for the watcher
        signal.pthread_sigmask(signal.SIG_BLOCK, SERVE_SIGNALS)
        become(program, keep=(lock_file.fileno(), *daemon.output))


class Watcher:
    """Prints a line for each restart of a program, and stops all when it is asked to."""

    def __init__(self, state: WatchState) -> None:
        self._state = state
        self._pids = state["pids"]
        self._supervisord = AdoptedChild(state["supervisord"])

    def run(self) -> int:
        """Watch until a signal asks to stop or supervisord dies; stop all, and return the exit code."""
        signal_pipe = _open_signal_pipe(has_terminal=self._state["has_terminal"])
        notify_systemd(self._state["notify_address"])
        try:
            self._watch(signal_pipe)
        except OperatorError as error:
            print(f"upvote: {error}", file=sys.stderr)
            return 1
        finally:
            ignore_signals()
            self._stop()
        return 0

    @cached_property
    def _daemon(self) -> "Daemon":
        from app.launcher.supervisor import Daemon

        return Daemon(Path(self._state["data_dir"]), self._supervisord)

    def _watch(self, signal_pipe: int) -> None:
        """Return when a signal asks to stop. Raises OperatorError when supervisord has died."""
        while True:
            programs = self._pids.values() or [0]  # supervisord was busy when it was asked for them
            arrived = wait_for_signal_or_end(signal_pipe, [self._state["supervisord"], *programs])
            if arrived and (set(arrived) != {signal.SIGHUP} or self._state["has_terminal"]):
                return
            if arrived:
                self._daemon.signal("web", "HUP")  # replaces its processes one by one
            else:
                self._check()

    def _check(self) -> None:
        self._daemon.check()
        for name, pid in self._daemon.pids().items():
            last = self._pids.get(name)
            if last and pid and pid != last:
                print(f"upvote: {name} had stopped and was restarted", flush=True)
            self._pids[name] = pid or last or 0

    def _stop(self) -> None:
        try:
            from app.end_in_time import end_in_time

            end_in_time(SERVE_TIMEOUT)
            self._daemon.stop()
        except Exception as error:  # an upgrade has replaced the files since the start
            print(f"upvote: the board is stopped by a signal alone ({error!r})", file=sys.stderr)
            self._supervisord.end(STOP_TIMEOUT)


def watch(state: WatchState) -> int:
    """Watch the programs of a board that `become_watcher` has left; return the exit code."""
    never_wait_for_output()
    forward_descriptors(*state["output"])
    if state["under_make"]:
        stop_with_make()
    return Watcher(state).run()


def wait_for_signal_or_end(signal_pipe: int, pids: Sequence[int]) -> bytes:
    """Return the numbers of signals that arrived, one a byte, or b"" INTERVAL after a process ended.

    Returns b"" after INTERVAL too if a process does not run, or if the system has no pidfd_open.
    """
    timeout = None  # ms
    with contextlib.ExitStack() as stack:
        poll = select.poll()
        poll.register(signal_pipe, select.POLLIN)
        for pid in pids:
            try:
                descriptor = os.pidfd_open(pid)
            except (AttributeError, OSError):
                timeout = INTERVAL * 1000
                continue
            stack.callback(os.close, descriptor)
            poll.register(descriptor, select.POLLIN)
        ready = dict(poll.poll(timeout))
    if signal_pipe in ready:
        return os.read(signal_pipe, 64)
    if ready:
        time.sleep(INTERVAL)  # supervisord starts it again meanwhile
    return b""


def _open_signal_pipe(*, has_terminal: bool) -> int:
    """Return a file descriptor from which the numbers of the signals can be read, one a byte."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer)
    for number in SERVE_SIGNALS:
        # nohup ignores SIGHUP, so that a closed terminal does not end the board. Without a terminal
        # SIGHUP can only mean a reload.
        is_ignored = number == signal.SIGHUP and signal.getsignal(number) == signal.SIG_IGN
        if not (is_ignored and has_terminal):
            signal.signal(number, lambda number, frame: None)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SERVE_SIGNALS)
    return reader


def _has_terminal() -> bool:
    """Return whether this process has a terminal that can be closed. Under systemd it has none."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR))
    except OSError:
        return False
    return True
