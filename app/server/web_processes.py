"""The web processes, and the manager that replaces them without a failed request."""

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Sequence
from functools import partial
from multiprocessing.connection import wait
from types import FrameType
from typing import TYPE_CHECKING

import structlog
from uvicorn import Config
from uvicorn.supervisors.multiprocess import Multiprocess, Process

from app.end_in_time import end_in_time
from app.errors import OperatorError
from app.loading import freeze_loaded
from app.logs import configure_logs
from app.output import never_wait_for_output
from app.server.beating_server import BeatingServer
from app.server.drain import STOP_NOW_SIGNAL, close_when_empty
from app.server.hang_watch import HangWatch
from app.server.parent import tie_to_parent

if TYPE_CHECKING:  # otherwise it is not imported: the parent of the web processes needs no settings
    from app.settings import Settings

log = structlog.get_logger()

READY_SECONDS = 120.0  # for a new process to load the app, which takes about 1 s on an idle machine
# For all processes together to drain and end. It takes about 5 s if nothing hangs, and has to be less
# than app.end_in_time.END_SECONDS.
END_SECONDS = 8.0
HUNG_END_SECONDS = 1.0  # for a process that hangs to end by itself, which it hardly can
START_SECONDS = 5.0  # a process that ends earlier may not have accepted a connection
RETRY_SECONDS = 1.0  # between two attempts to start a process
JOIN_STEP_SECONDS = 0.1
PING_SECONDS = 1.0  # for a process that never counted, to say that it serves


class WebProcess(Process):
    """A process that loads the app in a new interpreter, and so runs upgraded code.

    It dies with its parent. A successor replaces a process that still serves.
    """

    is_successor = False
    # Connections may wait since then, as nobody accepts them; None for a successor (monotonic, s).
    unserved_since: float | None = None
    started = served_until = 0.0  # monotonic, s; it may not have served before START_SECONDS
    watch: HangWatch | None = None  # a parent of an earlier version gives none

    def target(self, sockets: list[socket.socket] | None = None) -> None:
        tie_to_parent(signal.SIGKILL)
        never_wait_for_output()
        from app.main import create_app
        from app.server.web_app import build_web_app
        from app.settings import load_settings
        from app.voting.arrivals import arrivals

        settings = load_settings()
        configure_logs(settings.log_format, settings.log_level)

        if self.is_successor:
            _exit_if_unfit(settings)
        quart = create_app(settings)
        quart.while_serving(partial(arrivals.while_serving, self.unserved_since))
        web_app = build_web_app(quart, settings, self._stop_accepting)
        self.config.app = web_app.app
        self.config.http = web_app.protocol
        freeze_loaded()
        self._server = BeatingServer(self.config, self.watch)
        super().target(sockets)

    def _stop_accepting(self) -> None:
        close_when_empty(self.server.servers)

    def is_hung(self) -> bool:
        """Check once whether the event loop stands still, or loading the app never ends."""
        if self.watch is None or not self.process.is_alive() or not self.watch.is_hung():
            return False
        return self.watch.has_begun or not self.is_ready(PING_SECONDS)

    def ask_to_end(self, signal_number: int = signal.SIGTERM) -> None:
        if self.process.is_alive() and self.pid is not None:
            os.kill(self.pid, signal_number)


def join_or_kill(
    processes: Sequence[WebProcess], seconds: float, should_exit: threading.Event | None = None
) -> None:
    """Wait until all have ended; kill those that take longer than `seconds`, which all share.

    Returns early when `should_exit` is set.
    """
    deadline = time.monotonic() + seconds
    while running := [process for process in processes if process.process.is_alive()]:
        if should_exit is not None and should_exit.is_set():
            return
        if (left := deadline - time.monotonic()) <= 0:
            log.error("web processes did not end in time and are killed", count=len(running))
            for process in running:
                process.kill()
            break
        wait([process.process.sentinel for process in running], min(left, JOIN_STEP_SECONDS))
    for process in processes:
        process.join()


def _exit_if_unfit(settings: "Settings") -> None:
    """Log the reason and exit, if this process could not serve while the old one still can."""
    from app.board.start import check_start
    from app.storage.schema import schema_problem

    problem = schema_problem(settings)
    try:
        check_start(settings)
    except OperatorError as failure:
        problem = str(failure)
    if problem:
        log.error(problem)
        sys.exit(1)


class WebServer(Multiprocess):
    """Processes that share one listening socket.

    SIGHUP replaces them one by one, SIGTERM drains them and stops, SIGINT stops at once. The server
    outlives its processes: it replaces one that ends, and ends one whose event loop stands still.
    """

    def __init__(self, config: Config, listener: socket.socket) -> None:
        super().__init__(config, [listener])
        self.processes: list[WebProcess] = []  # type: ignore[assignment]
        self._draining: list[WebProcess] = []  # replaced ones that have not ended yet
        self._last_signal = signal.SIGTERM
        self._is_asked_to_end = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._begin_end)

    def init_processes(self) -> None:
        now = time.monotonic()
        self.processes = [self._start_process(now) for _ in range(self.processes_num)]

    def restart_all(self) -> None:
        for index in range(len(self.processes)):
            if not self.should_exit.is_set():
                self._replace(index)

    def keep_subprocess_alive(self) -> None:
        self._end_hung()
        for index, process in enumerate(self.processes):
            if process.process.is_alive():
                if process.watch and process.watch.moved_at - process.started > START_SECONDS:
                    process.served_until = process.watch.moved_at  # while it hangs it serves nobody
            elif not self.should_exit.is_set():
                self._replace(index)

    def terminate_all(self) -> None:
        # Otherwise the kernel goes on queueing connections that no process accepts, and resets them
        # when this process ends. A socket of systemd stays open, since systemd holds it too.
        for listener in self.sockets:
            listener.close()
        for process in self.processes:
            process.ask_to_end(self._last_signal)

    def join_all(self) -> None:
        join_or_kill([*self.processes, *self._draining], END_SECONDS)

    def handle_ttin(self) -> None:
        self.processes.append(self._start_process(time.monotonic()))

    def _begin_end(self, number: int, _: FrameType | None) -> None:
        """Begin the end at once, also while a new process is awaited; it may never answer."""
        if not self._is_asked_to_end:
            self._is_asked_to_end = True
            self._last_signal = STOP_NOW_SIGNAL if number == signal.SIGINT else signal.SIGTERM
            end_in_time(begin=self.should_exit.set)

    def _start_process(self, unserved_since: float | None) -> WebProcess:
        process = WebProcess(self.config, self.sockets)
        process.is_successor = unserved_since is None
        process.unserved_since = unserved_since
        process.started = time.monotonic()
        process.served_until = unserved_since or process.started
        process.watch = HangWatch()
        process.start()
        return process

    def _end_hung(self) -> None:
        """End the processes whose event loop stands still; the others go on."""
        hung = [process for process in self.processes if process.is_hung()]
        for process in hung:
            number = self.processes.index(process) + 1
            log.error("a web process hangs and is replaced", process=number, pid=process.pid)
            process.ask_to_end()
        if hung:
            join_or_kill(hung, HUNG_END_SECONDS, self.should_exit)

    def _replace(self, index: int) -> None:
        """Replace a process with a new one; the old process goes on if the new one cannot start."""
        old = self.processes[index]
        new = self._start_process(None if old.process.is_alive() else old.served_until)
        if new.wait_until_ready(READY_SECONDS, self.should_exit):
            self.processes[index] = new
            log.info("web process replaced", process=index + 1)
            self._draining = [old]
            old.ask_to_end()
            join_or_kill(self._draining, END_SECONDS, self.should_exit)
            return
        new.kill()
        new.join()
        if self.should_exit.is_set():
            return
        if old.process.is_alive():
            log.error("the new web process cannot start; the old one goes on", process=index + 1)
        else:
            time.sleep(RETRY_SECONDS)  # the main loop tries again
