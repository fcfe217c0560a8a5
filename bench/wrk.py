"""Runs wrk, the load generator: one thread, 64 connections, on the same machine."""

import asyncio
import json
import resource
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from app.errors import OperatorError

HERE = Path(__file__).parent
CONNECTIONS = 64


@dataclass(frozen=True)
class Load:
    """The result of one run of wrk: latencies in ms; errors are statuses from 400 and lost answers."""

    requests: int
    seconds: float
    errors: int
    p50: float
    p99: float
    cpu: float = 0.0  # CPU time (s) of the load generator itself

    @property
    def rate(self) -> float:
        return self.requests / self.seconds


def require_wrk() -> None:
    """Raise OperatorError with the way to install wrk, if it is missing."""
    if shutil.which("wrk") is None:
        raise OperatorError(
            "make bench needs wrk; install it with apt-get install wrk (or brew install wrk)"
        )


async def wrk(port: int, path: str, script: str, *arguments: object, seconds: int) -> Load:
    """Load a server on this machine for `seconds` seconds, with a Lua script of this folder."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        parts = ("pace.lua", script, "done.lua")
        file.write("\n".join((HERE / part).read_text() for part in parts))
        file.flush()
        command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s", file.name]
        process = await asyncio.create_subprocess_exec(
            *command, f"http://127.0.0.1:{port}{path}", "--", *map(str, arguments),
            stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        before = _cpu_of_children()
        output, _ = await process.communicate()
    [line] = [line for line in output.decode().splitlines() if line.startswith("BENCH ")]
    return Load(**json.loads(line.removeprefix("BENCH ")), cpu=_cpu_of_children() - before)


def _cpu_of_children() -> float:
    """Return the CPU time (s) of child processes that have ended; only wrk ends during a run."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
