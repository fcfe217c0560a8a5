"""`python -m tests.security.hold PORT COUNT ADDRESS`: hold idle connections until stdin ends.

Reads what each sends at first, and what it sends every second, as hexadecimal text from the first lines
of stdin; prints a line when all connections are open, and reads no answers.
"""

import contextlib
import select
import socket
import sys
import time


def main(port: int, count: int, address: str) -> None:
    kinds = [tuple(map(bytes.fromhex, line.split(","))) for line in sys.stdin.readline().split(";")]
    held = []
    for number in range(count):
        start, drip, half_closes = kinds[number % len(kinds)]
        connection = socket.create_connection(("127.0.0.1", port), 120, (address, 0))
        time.sleep(0.001)  # a flood of new connections is another attack
        connection.setblocking(False)
        with contextlib.suppress(OSError):
            connection.sendall(start)
            if half_closes:
                connection.shutdown(socket.SHUT_WR)
        held.append((connection, drip))
    print("open", flush=True)
    while not select.select([sys.stdin], [], [], 1.0)[0]:
        for connection, drip in held:
            with contextlib.suppress(OSError):  # it was closed to make room
                connection.send(drip)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
