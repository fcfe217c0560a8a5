"""A whole board, started with `upvote serve` as a user would start it, that tests can break."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil

from app.server.parent import PARENT_VARIABLE
from tests.hidden import PYTHONPATH
from tests.ports import free_port
from tests.waiting import CEILING, COMMAND_CEILING, block_until

OUR_VARIABLES = ("DATABASE_URL", "REDIS_URL", "REDIS_QUEUE_URL", "SECRET_KEY", PARENT_VARIABLE)


class ServedBoard:
    """A running `upvote serve` in a separate session, like that of a terminal."""

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
        greeting = b"Ctrl-C stops it"
        block_until(lambda: greeting in self.output or self.process.poll() is not None, "for the board")
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
        """Return the process of a role: postgres, valkey-server, web, worker or supervisord."""
        for process in self.tree():
            with contextlib.suppress(psutil.Error):
                command = process.cmdline() or [""]  # a process that is ending has no command line
                if name in (process.name(), command[-1]) or {
                    f"supervisor.{name}",
                    f"app.server.{name}",
                } & {*command}:
                    return process
        return None

    def tree(self) -> list[psutil.Process]:
        """Return every live process of this board, found by the DATA_DIR in its environment."""
        return [process for process in psutil.process_iter() if self._owns(process)]

    def end(self) -> None:
        """Kill every process that is left."""
        for process in self.tree():
            with contextlib.suppress(psutil.Error):
                process.kill()
        self.process.wait(CEILING)

    def _owns(self, process: psutil.Process) -> bool:
        with contextlib.suppress(psutil.Error, OSError):
            is_ours = process.environ().get("DATA_DIR") == str(self.data_dir)
            return is_ours and process.status() != psutil.STATUS_ZOMBIE
        return False

    def _read(self) -> None:
        assert self.process.stdout is not None
        while chunk := os.read(self.process.stdout.fileno(), 65_536):
            self.output += chunk


@contextlib.contextmanager
def served(data_dir: Path, *options: str) -> Iterator[ServedBoard]:
    """Run a board; yields it when it is up, and kills it at the end."""
    board = ServedBoard(data_dir, free_port(), *options)
    try:
        board.wait_until_up()
        yield board
    finally:
        board.end()


def run(
    *arguments: str, seconds: float = COMMAND_CEILING, before: str = "", **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run an `upvote` command to its end; `before` is Python code that its process runs first."""
    plain = upvote(*arguments)
    changed = [
        sys.executable,
        "-P",
        "-c",
        f"{before}\nfrom app.commands import main; main()",
        *arguments,
    ]
    return subprocess.run(
        changed if before else plain,
        env=environment(**variables),
        cwd=variables.get("DATA_DIR"),
        capture_output=True,
        text=True,
        timeout=seconds,
    )


def upvote(*arguments: str) -> list[str]:
    return [sys.executable, "-P", "-m", "app.commands", *arguments]


def environment(**variables: str) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if name not in OUR_VARIABLES}
    return inherited | {"PYTHONPATH": PYTHONPATH} | variables
