"""Whether the port is free, asked before anything is started."""

import errno
import ipaddress
import socket
import time

from app.errors import OperatorError


def check_port(host: str, port: int, patience: float = 0.0) -> None:
    """Raise OperatorError if we could not listen there; a port in use gets `patience` s to be freed."""
    open_port(host, port, patience=patience).close()


def open_port(host: str, port: int, backlog: int | None = None, patience: float = 0.0) -> socket.socket:
    """A socket that listens there; raises OperatorError as check_port() does."""
    deadline = time.monotonic() + patience
    while True:
        try:
            return _listen(host, port, backlog)
        except OSError as error:
            if error.errno != errno.EADDRINUSE or time.monotonic() > deadline:
                raise OperatorError(_advice(host, port, error)) from None
        time.sleep(0.1)


def address_for_people(host: str, port: int) -> str:
    """The URL to open on this machine."""
    with_brackets = f"[{host}]" if ":" in host else host
    return f"http://{'127.0.0.1' if _is_here(host) else with_brackets}:{port}"


def _listen(host: str, port: int, backlog: int | None) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind, protocol)
    try:
        # Connections of the last run that linger are no obstacle.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(*([] if backlog is None else [backlog]))
    except OSError:
        listener.close()
        raise
    return listener


def _advice(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"PORT {port} is in use: stop what listens there, or choose another, as PORT={port + 1}"
    if error.errno == errno.EACCES:
        return f"PORT {port} is reserved for the system: choose one above 1023, as PORT=8000"
    return f"HOST {host} is no address of this machine ({error.strerror}): use HOST=127.0.0.1"


def _is_here(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    # ::1 alone is not reached over 127.0.0.1
    return address.is_unspecified or (address.is_loopback and address.version == 4)
