"""Ports for servers that tests start, stop and start again."""

import random
import socket
from pathlib import Path

LOWEST = 10_000
# The kernel takes the ports of connections from this range; elsewhere the range is higher.
RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
END = 32_768
ATTEMPTS = 1_000


def free_port() -> int:
    """Return a port of 127.0.0.1 that is free now, and that no connection takes.

    The kernel would give a port of its range to any connection while a server restarts.
    """
    end = int(RANGE.read_text().split()[0]) if RANGE.exists() else END
    for _ in range(ATTEMPTS if end > LOWEST else 0):
        if _is_free(port := random.randrange(LOWEST, end)):
            return port
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
