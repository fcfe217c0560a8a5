"""The web processes, and the manager that replaces them without a failed request."""

import gc
import os
import signal
import socket
import sys
import time

import structlog
from uvicorn import Config
from uvicorn.supervisors.multiprocess import Multiprocess, Process

from app.errors import OperatorError
from app.logs import configure_logs
from app.output import never_wait_for_output
from app.server.drain import STOP_NOW_SIGNAL
from app.server.parent import tie_to_parent
from app.settings import Settings, load_settings

log = structlog.get_logger()

READY_SECONDS = 120.0  # for a new process to load the app, which takes about 1 s on an idle machine
END_SECONDS = 10.0  # for an old process to drain and end
RETRY_SECONDS = 1.0  # between two attempts to start a process


class WebProcess(Process):
    """A process that loads the app in a new interpreter, and so runs upgraded code.

    It dies with its parent. A successor replaces a process that still serves.
    """

    is_successor = False

    def target(self, sockets: list[socket.socket] | None = None) -> None:
        tie_to_parent(signal.SIGKILL)
        never_wait_for_output()
        from app.main import create_app
        from app.server.web_app import build_web_app

        settings = load_settings()
        configure_logs(settings)

        if self.is_successor:
            _exit_if_unfit(settings)
        web_app = build_web_app(create_app(settings), settings, self._stop_accepting)
        self.config.app = web_app.app
        self.config.http = web_app.protocol
        # The loaded modules live as long as the process, so the garbage collector can skip them from
        # now on.
        gc.collect()
        gc.freeze()
        gc.set_threshold(20_000, 50, 50)
        super().target(sockets)

    def _stop_accepting(self) -> None:
        for server in self.server.servers:
            server.close()

    def end(self, signal_number: int = signal.SIGTERM) -> None:
        """Ask the process to end, and kill it if that takes longer than END_SECONDS."""
        if self.process.is_alive() and self.pid is not None:
            os.kill(self.pid, signal_number)
        self.process.join(END_SECONDS)
        if self.process.is_alive():
            self.kill()
            self.join()


def _exit_if_unfit(settings: Settings) -> None:
    """Log the reason and exit, if this process could not serve while the old one still can."""
    from app.storage.schema import schema_problem
    from app.voting.sharding import check_shards

    problem = schema_problem(settings)
    try:
        check_shards(settings)
    except OperatorError as failure:
        problem = str(failure)
    if problem:
        log.error(problem)
        sys.exit(1)


class WebServer(Multiprocess):
    """Processes that share one listening socket.

    SIGHUP replaces them one by one, SIGTERM drains them and stops, SIGINT stops at once. The server
    outlives its processes: it replaces one that ends.
    """

    def __init__(self, config: Config, listener: socket.socket) -> None:
        super().__init__(config, [listener])
        self.processes: list[WebProcess] = []  # type: ignore[assignment]
        self._last_signal = signal.SIGTERM

    def init_processes(self) -> None:
        self.processes = [self._start_process() for _ in range(self.processes_num)]

    def restart_all(self) -> None:
        for index in range(len(self.processes)):
            if not self.should_exit.is_set():
                self._replace(index)

    def keep_subprocess_alive(self) -> None:
        for index, process in enumerate(self.processes):
            if not process.process.is_alive() and not self.should_exit.is_set():
                self._replace(index)

    def handle_int(self) -> None:
        self._last_signal = STOP_NOW_SIGNAL
        super().handle_int()

    def terminate_all(self) -> None:
        for process in self.processes:
            if process.process.is_alive() and process.pid is not None:
                os.kill(process.pid, self._last_signal)

    def join_all(self) -> None:
        for process in self.processes:
            process.end(self._last_signal)

    def _start_process(self, successor: bool = False) -> WebProcess:
        process = WebProcess(self.config, self.sockets)
        process.is_successor = successor
        process.start()
        return process

    def _replace(self, index: int) -> None:
        """Replace a process with a new one; the old process goes on if the new one cannot start."""
        old = self.processes[index]
        new = self._start_process(successor=old.process.is_alive())
        if new.wait_until_ready(READY_SECONDS, self.should_exit):
            self.processes[index] = new
            log.info("web process replaced", process=index + 1)
            old.end()
            return
        new.kill()
        new.join()
        if old.process.is_alive():
            log.error("the new web process cannot start; the old one goes on", process=index + 1)
        elif not self.should_exit.is_set():
            time.sleep(RETRY_SECONDS)  # the main loop tries again
