"""A whole board started with `upvote serve` as a user would start it, and the means to hurt it."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil

from app.server.parent import PARENT_VARIABLE
from tests.waiting import CEILING, block_until

OURS = ("DATABASE_URL", "REDIS_URL", "REDIS_QUEUE_URL", "SECRET_KEY", PARENT_VARIABLE)


class ServedBoard:
    """`upvote serve` in a session of its own, like a terminal's."""

    def __init__(self, data_dir: Path, port: int, *options: str) -> None:
        self.port = port
        self.data_dir = data_dir
        self.process = subprocess.Popen(
            upvote("serve", *options),
            env=environment(DATA_DIR=str(data_dir), PORT=str(port)),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd=data_dir,
        )
        self.output = b""
        threading.Thread(target=self._read, daemon=True).start()

    def wait_until_up(self) -> None:
        told = b"Ctrl-C stops it"
        block_until(lambda: told in self.output or self.process.poll() is not None, "for the board")
        assert self.process.poll() is None, self.output.decode()

    def healthy(self) -> bool:
        with contextlib.suppress(OSError):
            url = f"http://127.0.0.1:{self.port}/healthz"
            return urllib.request.urlopen(url, timeout=CEILING).status == 200
        return False

    def press_ctrl_c(self) -> None:
        os.killpg(self.process.pid, signal.SIGINT)

    def wait_for_end(self) -> int:
        return self.process.wait(CEILING)

    def program(self, name: str) -> psutil.Process | None:
        """The process of this role: postgres, valkey-server, web, worker or supervisord."""
        for process in self.tree():
            with contextlib.suppress(psutil.Error):
                command = process.cmdline() or [""]  # one that is ending has none
                if name in (process.name(), command[-1]) or f"supervisor.{name}" in command:
                    return process
        return None

    def tree(self) -> list[psutil.Process]:
        """Every live process of this board, found by the DATA_DIR in its environment."""
        return [process for process in psutil.process_iter() if self._owns(process)]

    def end(self) -> None:
        """Whatever a test left behind."""
        for process in self.tree():
            with contextlib.suppress(psutil.Error):
                process.kill()
        self.process.wait(CEILING)

    def _owns(self, process: psutil.Process) -> bool:
        with contextlib.suppress(psutil.Error, OSError):
            here = process.environ().get("DATA_DIR") == str(self.data_dir)
            return here and process.status() != psutil.STATUS_ZOMBIE
        return False

    def _read(self) -> None:
        assert self.process.stdout is not None
        while chunk := os.read(self.process.stdout.fileno(), 65_536):
            self.output += chunk


@contextlib.contextmanager
def served(data_dir: Path, *options: str) -> Iterator[ServedBoard]:
    """A board that is up; nothing of it is left afterwards."""
    board = ServedBoard(data_dir, free_port(), *options)
    try:
        board.wait_until_up()
        yield board
    finally:
        board.end()


def run(
    *arguments: str, seconds: float = CEILING, before: str = "", **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run a command of ours to its end; `before` is Python that its process runs first."""
    as_people_do = upvote(*arguments)
    changed = [
        sys.executable,
        "-P",
        "-c",
        f"{before}\nfrom app.commands import main; main()",
        *arguments,
    ]
    return subprocess.run(
        changed if before else as_people_do,
        env=environment(**variables),
        cwd=variables.get("DATA_DIR"),
        capture_output=True,
        text=True,
        timeout=seconds,
    )


def upvote(*arguments: str) -> list[str]:
    return [sys.executable, "-P", "-m", "app.commands", *arguments]


def environment(**variables: str) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if name not in OURS}
    return inherited | variables


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
