"""Prints what machine a test run was on: cores, load, and how fast an app that does nothing answers.

It takes about two seconds. With these figures, reports from different machines can be compared.
"""

import os
import platform
import socket
import subprocess
import sys
import time

CEILING = 60.0  # s, to start the server on a machine that is very busy
SECONDS = 1.0
# So many requests go out at once: then the time is the server's, and hardly ours.
BATCH = 64
REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


def main() -> None:
    """Measure, and print one line."""
    load = os.getloadavg()[0]
    cores, python = os.cpu_count(), platform.python_version()
    print(
        f"machine: {cores} cores, load {load:.1f}, Python {python}, "
        f"an ASGI app that does nothing answers {measure():,.0f} requests a second"
    )


def measure() -> float:
    """Returns the requests a second that the no-op of `make bench` answers in one process."""
    port = _free_port()
    environment = os.environ | {"YARDSTICK": "noop", "PORT": str(port)}
    server = subprocess.Popen([sys.executable, "-m", "bench.yardsticks"], env=environment)
    try:
        with _connect(port) as connection:
            size = _ask_once(connection)
            return _rate(connection, size)
    finally:
        server.terminate()
        server.wait(CEILING)


def _ask_once(connection: socket.socket) -> int:
    """Returns the bytes of an answer, which are the same each time."""
    connection.sendall(REQUEST)
    answer = b""
    while not answer.endswith(b"\r\n\r\nok"):
        answer += _receive(connection)
    return len(answer)


def _rate(connection: socket.socket, size: int) -> float:
    answered, start = 0, time.perf_counter()
    while (took := time.perf_counter() - start) < SECONDS:
        connection.sendall(REQUEST * BATCH)
        missing = size * BATCH
        while missing:
            missing -= len(_receive(connection))
        answered += BATCH
    return answered / took


def _receive(connection: socket.socket) -> bytes:
    received = connection.recv(65_536)
    if not received:
        raise ConnectionError("the server hung up")
    return received


def _connect(port: int) -> socket.socket:
    deadline = time.monotonic() + CEILING
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=CEILING)
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    main()
