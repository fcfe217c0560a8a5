"""Open the port, or explain why it cannot be opened, before anything else starts."""

import errno
import ipaddress
import socket
import time

from app.errors import OperatorError


def check_port(host: str, port: int, timeout: float = 0.0) -> None:
    """Raise OperatorError if the port cannot be opened. Waits up to `timeout` s for a port in use."""
    open_port(host, port, timeout=timeout).close()


def open_port(host: str, port: int, backlog: int | None = None, timeout: float = 0.0) -> socket.socket:
    """Return a socket that listens there. Raises OperatorError as check_port() does."""
    deadline = time.monotonic() + timeout
    while True:
        try:
            return _listen(host, port, backlog)
        except OSError as error:
            if error.errno != errno.EADDRINUSE or time.monotonic() > deadline:
                raise OperatorError(_advice(host, port, error)) from None
        time.sleep(0.1)


def browser_url(host: str, port: int) -> str:
    """Return the URL that opens the board in a browser on this machine."""
    with_brackets = f"[{host}]" if ":" in host else host
    return f"http://{'127.0.0.1' if _is_this_machine(host) else with_brackets}:{port}"


def _listen(host: str, port: int, backlog: int | None) -> socket.socket:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    # For localhost the first is ::1 on some machines, which browser_url() does not name.
    found.sort(key=lambda one: one[0] != socket.AF_INET)
    family, kind, protocol, _, address = found[0]
    listener = socket.socket(family, kind, protocol)
    try:
        # Without this, connections of the last run in TIME_WAIT would keep the port in use.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(*([] if backlog is None else [backlog]))
    except OSError:
        listener.close()
        raise
    return listener


def _advice(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"PORT {port} is in use: stop the program there, or choose another port: PORT={port + 1}"
    if error.errno == errno.EACCES:
        return f"PORT {port} is reserved for the system: choose a port above 1023, such as PORT=8000"
    return f"HOST {host} is not an address of this machine ({error.strerror}): use HOST=127.0.0.1"


def _is_this_machine(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    # 127.0.0.1 does not reach a server that listens only on ::1.
    return address.is_unspecified or (address.is_loopback and address.version == 4)
