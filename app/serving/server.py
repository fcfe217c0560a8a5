"""Granian, made to hand over: new processes first, then the old ones drain."""

import multiprocessing
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import structlog
from granian.net import SocketHolder
from granian.server.mp import MPServer, WorkerProcess

from app.serving.drain import END_AT_ONCE

log = structlog.get_logger()

READY_SECONDS = 30.0  # what a new process gets to load the app; it takes about one
PAUSE_SECONDS = 1.0  # between two attempts at a process that cannot start


class WebServer(MPServer):
    """Its processes share one listening socket. SIGHUP replaces them one by one, SIGTERM drains
    and ends, SIGINT ends at once. It never ends because a process of its own does.

    The target loader gets the listening socket's file number, and an event (or None) that it has to
    set once the app is loaded.
    """

    def __init__(self, listener: socket.socket, **options: Any) -> None:
        multiprocessing.set_start_method("spawn", force=True)  # a fresh one sees upgraded code
        super().__init__(**options)
        self._listener = listener
        self._hasty = False

    def signal_handler_interrupt(self, *args: Any, **kwargs: Any) -> None:
        self._hasty = args[0] == signal.SIGINT
        super().signal_handler_interrupt(*args, **kwargs)

    def _init_shared_socket(self) -> None:
        # Granian's own would be one a process; those that wait at it are lost when that one ends.
        backlog = [self.backlog] if sys.platform.startswith(("linux", "freebsd")) else []
        self._listener.set_inheritable(True)
        holder: Any = SocketHolder
        self._ssp, self._sso = None, self._listener
        self._shd = holder(self._listener.fileno(), False, *backlog)

    def _spawn_workers(self, spawn_target: Any, target_loader: Callable[..., Any]) -> None:
        super()._spawn_workers(spawn_target, partial(target_loader, self._listener.fileno(), None))

    def _respawn_workers(
        self, workers: Iterable[int], spawn_target: Any, target_loader: Any, delay: float = 0
    ) -> None:
        for index in sorted(set(workers)):
            if not self.interrupt_signal:
                self._replace(index, spawn_target, target_loader)

    def _replace(self, index: int, spawn_target: Any, target_loader: Any) -> None:
        """Put a new process in the place of one; the old one goes on if the new one cannot start."""
        old, new = self.wrks[index], self._successor(index, spawn_target, target_loader)
        if new is not None:
            self.wrks[index] = new
            self._end(old)
        elif old.is_alive():
            log.error("a new web process cannot start; the old one goes on", process=index + 1)
        elif not self.interrupt_signal:
            time.sleep(PAUSE_SECONDS)
            self._again(index)

    def _successor(self, index: int, spawn_target: Any, target_loader: Any) -> WorkerProcess | None:
        """A process that has loaded the app, or None."""
        ready = multiprocessing.Event()
        new = self._spawn_worker(
            index, spawn_target, partial(target_loader, self._listener.fileno(), ready)
        )
        new.interrupt_by_parent = True  # until it is ready, its end is no business of the main loop
        new.start()
        deadline = time.monotonic() + READY_SECONDS
        while new.is_alive() and time.monotonic() < deadline and not self.interrupt_signal:
            if ready.wait(0.1):
                new.interrupt_by_parent = False
                if not new.is_alive():
                    self._again(index)
                return new
        new.kill()
        return None

    def _again(self, index: int) -> None:
        self.interrupt_children.append(index)
        self.main_loop_interrupt.set()

    def _end(self, worker: WorkerProcess) -> None:
        worker.terminate()
        worker.join(self.workers_kill_timeout)
        if worker.is_alive():
            worker.kill()
            worker.join()

    def _stop_workers(self) -> None:
        for worker in self.wrks:
            worker.interrupt_by_parent = True
            if self._hasty and worker.is_alive():
                os.kill(worker.inner.pid, END_AT_ONCE)
        if self._hasty:
            for worker in self.wrks:
                worker.join(self.workers_kill_timeout)
        super()._stop_workers()
