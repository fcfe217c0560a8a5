"""Describes the machine and the software that the figures were measured with."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

from bench.board import BenchBoard

PACKAGES = ("uvicorn", "quart", "redis", "hiredis", "asyncpg", "uvloop")


async def machine(board: BenchBoard, load_before: float) -> dict[str, str]:
    """Return the versions, the processor, and the load average (one minute) before the run."""
    valkey = await board.redis.info("server")
    return {
        "processor": f"{os.cpu_count()} x {_processor()}",
        "Python": platform.python_version(),
        "PostgreSQL": await board.db.fetchval("SHOW server_version"),
        "Valkey": valkey.get("valkey_version", valkey["redis_version"]),
        **{name: version(name) for name in PACKAGES},
        "load before": f"{load_before:.2f}",
    }


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    names = [line.partition(": ")[2] for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
