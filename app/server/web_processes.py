"""uvicorn's processes, made to hand over and never to give up."""

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
from app.server.drain import END_AT_ONCE
from app.server.parent import tie_to_parent
from app.settings import Settings, load_settings

log = structlog.get_logger()

READY_SECONDS = 120.0  # what a new process gets to load the app; it takes about one on an idle machine
END_SECONDS = 10.0  # what an old one gets to drain and end
PAUSE_SECONDS = 1.0  # between two attempts at a process that cannot start


class WebProcess(Process):
    """Loads the app in a fresh interpreter, which sees upgraded code, and dies with its maker.

    A successor is to take the place of one that still serves.
    """

    is_successor = False

    def target(self, sockets: list[socket.socket] | None = None) -> None:
        tie_to_parent(signal.SIGKILL)
        from app.main import create_app
        from app.server.web_app import build_web_app

        settings = load_settings()

        if self.is_successor:
            _refuse_trouble(settings)
        web_app = build_web_app(create_app(settings), settings, self._stop_accepting)
        self.config.app = web_app.app
        self.config.http = web_app.protocol
        # What was loaded lives as long as the process: the collector need not look at it again.
        gc.collect()
        gc.freeze()
        gc.set_threshold(20_000, 50, 50)
        super().target(sockets)

    def _stop_accepting(self) -> None:
        for server in self.server.servers:
            server.close()

    def end(self, signal_number: int = signal.SIGTERM) -> None:
        """Ask it to end, and kill it when it takes too long."""
        if self.process.is_alive() and self.pid is not None:
            os.kill(self.pid, signal_number)
        self.process.join(END_SECONDS)
        if self.process.is_alive():
            self.kill()
            self.join()


def _refuse_trouble(settings: Settings) -> None:
    """End, with a line that says why, where the process before us serves better than we could."""
    from app.storage.schema import schema_trouble
    from app.voting.sharding import check_shards

    trouble = schema_trouble(settings)
    try:
        check_shards(settings)
    except OperatorError as failure:
        trouble = str(failure)
    if trouble:
        log.error(trouble)
        sys.exit(1)


class WebServer(Multiprocess):
    """Processes that share one listening socket. SIGHUP replaces them one by one, SIGTERM drains and
    ends, SIGINT ends at once. It never ends because a process of its own does.
    """

    def __init__(self, config: Config, listener: socket.socket) -> None:
        super().__init__(config, [listener])
        self.processes: list[WebProcess] = []  # type: ignore[assignment]
        self._last_signal = signal.SIGTERM

    def init_processes(self) -> None:
        self.processes = [self._started() for _ in range(self.processes_num)]

    def restart_all(self) -> None:
        for index in range(len(self.processes)):
            if not self.should_exit.is_set():
                self._replace(index)

    def keep_subprocess_alive(self) -> None:
        for index, process in enumerate(self.processes):
            if not process.process.is_alive() and not self.should_exit.is_set():
                self._replace(index)

    def handle_int(self) -> None:
        self._last_signal = END_AT_ONCE
        super().handle_int()

    def terminate_all(self) -> None:
        for process in self.processes:
            if process.process.is_alive() and process.pid is not None:
                os.kill(process.pid, self._last_signal)

    def join_all(self) -> None:
        for process in self.processes:
            process.end(self._last_signal)

    def _started(self, successor: bool = False) -> WebProcess:
        process = WebProcess(self.config, self.sockets)
        process.is_successor = successor
        process.start()
        return process

    def _replace(self, index: int) -> None:
        """Put a new process in the place of one; the old one goes on if the new one cannot start."""
        old = self.processes[index]
        new = self._started(successor=old.process.is_alive())
        if new.wait_until_ready(READY_SECONDS, self.should_exit):
            self.processes[index] = new
            log.info("a new web process has taken over", process=index + 1)
            old.end()
            return
        new.kill()
        new.join()
        if old.process.is_alive():
            log.error("a new web process cannot start; the old one goes on", process=index + 1)
        elif not self.should_exit.is_set():
            time.sleep(PAUSE_SECONDS)  # and then the main loop tries again
