"""Output that cannot be written stops no process, and delays none."""

import contextlib
import errno
import fcntl
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from app.output import MAX_BYTES, DroppingOutput
from app.settings import Settings
from app.voting import keys
from tests.http import Connection
from tests.launcher.board import environment as plain_environment
from tests.launcher.board import upvote
from tests.ports import free_port
from tests.processes import environment, until_alive
from tests.waiting import CEILING, block_until, until


@pytest.fixture
def full_pipe() -> Iterator[tuple[int, int]]:
    """Return the ends of a pipe that takes no more bytes."""
    reader, writer = os.pipe()
    fill(writer)
    yield reader, writer
    for end in (reader, writer):
        with contextlib.suppress(OSError):
            os.close(end)


def fill(writer: int) -> None:
    flags = fcntl.fcntl(writer, fcntl.F_GETFL)
    fcntl.fcntl(writer, fcntl.F_SETFL, flags | os.O_NONBLOCK)
    for size in (4096, 1):
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(writer, b"x" * size)
    fcntl.fcntl(writer, fcntl.F_SETFL, flags)


def start(command: str, settings: Settings, output: int | None, **changes: object) -> subprocess.Popen:
    """Run `upvote COMMAND` with its output on the descriptor, or on a full disk (None)."""
    variables = environment(settings, **changes)
    if output is not None:
        return subprocess.Popen(upvote(command), env=variables, stdout=output, stderr=output)
    with open("/dev/full", "wb", 0) as full:
        return subprocess.Popen(upvote(command), env=variables, stdout=full, stderr=full)


@asynccontextmanager
async def ending(process: subprocess.Popen) -> AsyncIterator[None]:
    """Ask the process to end after the block, and check that it does."""
    try:
        yield
        process.send_signal(signal.SIGTERM)
        await until(lambda: process.poll() is not None, "for the end")
        assert process.returncode == 0
    finally:
        process.kill()
        process.wait()


def read_all(reader: int) -> bytes:
    """Return what is in the pipe now."""
    os.set_blocking(reader, False)
    found = b""
    with contextlib.suppress(BlockingIOError):
        while chunk := os.read(reader, 65_536):
            found += chunk
    return found


def test_lines_that_nobody_reads_are_dropped_and_reported(full_pipe: tuple[int, int]):
    reader, writer = full_pipe
    output = DroppingOutput(writer)
    line = "y" * 999 + "\n"
    for _ in range(3 * MAX_BYTES // len(line)):
        output.write(line)
    assert output.dropped >= 2 * MAX_BYTES // len(line) - 1
    found = b""

    def reported() -> bool:
        nonlocal found
        found += read_all(reader)
        return b"lines of output were dropped" in found

    block_until(reported)
    assert found.count(line.encode()) == 3 * MAX_BYTES // len(line) - output.dropped
    output.write("after it\n")
    block_until(lambda: b"after it\n" in read_all(reader))


def test_a_full_disk_drops_lines():
    with open("/dev/full", "wb", 0) as full:
        with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
            full.write(b"x")
        output = DroppingOutput(full.fileno())
        print("one\ntwo", file=output, flush=True)
        block_until(lambda: output.dropped == 2)


def test_the_end_waits_a_moment_for_lines_but_not_for_a_reader(full_pipe: tuple[int, int]):
    program = "import app.output as o; o.never_wait_for_output(); print('last'); print(end='words')"
    whole = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=CEILING)
    assert whole.stdout == b"last\nwords"
    stuck = subprocess.run([sys.executable, "-c", program], stdout=full_pipe[1], timeout=CEILING)
    assert stuck.returncode == 0


@pytest.mark.parametrize("output", ["full pipe", pytest.param("full disk", marks=pytest.mark.long)])
async def test_web_answers_and_ends_whatever_happens_to_its_output(
    settings: Settings, full_pipe: tuple[int, int], output: str
):
    port = free_port()
    process = start("web", settings, full_pipe[1] if output == "full pipe" else None, port=port)
    async with ending(process):
        await until_alive(port)
        async with Connection(port) as connection:
            for _ in range(20):
                assert (await connection.get("/login")).status == 200  # each logs a line


async def test_the_worker_ends_while_nobody_reads_its_output(
    settings: Settings, full_pipe: tuple[int, int], redis
):
    await redis.delete(keys.METRICS_WORKER)  # of earlier tests
    async with ending(start("worker", settings, full_pipe[1])):
        await until(lambda: redis.exists(keys.METRICS_WORKER), "for a job")


@pytest.mark.long
def test_serve_goes_on_and_ends_while_nobody_reads_its_output(tmp_path, full_pipe: tuple[int, int]):
    port = free_port()
    process = subprocess.Popen(
        upvote("serve"),
        env=plain_environment(DATA_DIR=str(tmp_path), PORT=str(port)),
        stdout=full_pipe[1],
        stderr=full_pipe[1],
    )
    try:

        def answers() -> bool:
            with contextlib.suppress(OSError):
                return urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5).status == 200
            return False

        block_until(answers)
        for _ in range(600):  # more log lines than the pipes between the processes hold
            urllib.request.urlopen(f"http://127.0.0.1:{port}/login", timeout=30).close()
        process.send_signal(signal.SIGTERM)
        block_until(lambda: process.poll() is not None, "for the end")
        assert process.returncode == 0
    finally:
        process.kill()
        process.wait()
