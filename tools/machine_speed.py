"""Print the machine of a test run: cores, load, and the speed of an app that does nothing.

This takes about 2 s. The figures make reports from different machines comparable.
"""

import os
import platform
import socket
import subprocess
import sys
import time

TIMEOUT = 60.0  # s; a server starts slowly on a very busy machine
SECONDS = 1.0
# This many requests are sent at once, so that the time is spent in the server and hardly in this
# client.
BATCH = 64
REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


def main() -> None:
    """Measure the machine and print one line."""
    load = os.getloadavg()[0]
    cores, python = os.cpu_count(), platform.python_version()
    print(
        f"machine: {cores} cores, load {load:.1f}, Python {python}, "
        f"an ASGI app that does nothing answers {measure():,.0f} requests per second"
    )


def measure() -> float:
    """Return how many requests per second one process of the no-op app of `make bench` answers."""
    port = _free_port()
    environment = os.environ | {"BASELINE": "noop", "PORT": str(port)}
    server = subprocess.Popen([sys.executable, "-m", "bench.baselines"], env=environment)
    try:
        with _connect(port) as connection:
            size = _ask_once(connection)
            return _rate(connection, size)
    finally:
        server.terminate()
        server.wait(TIMEOUT)


def _ask_once(connection: socket.socket) -> int:
    """Return the size of an answer in bytes, which never changes."""
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
        raise ConnectionError("the server closed the connection")
    return received


def _connect(port: int) -> socket.socket:
    deadline = time.monotonic() + TIMEOUT
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT)
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
