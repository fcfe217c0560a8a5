"""The listening socket: all web processes share it, and systemd keeps it open across restarts.

Connections that wait to be accepted belong to the socket. While any process holds it open, a process
that ends loses none of them: the next process accepts them.
"""

import os
import socket

from app.server.ports import open_port

FIRST_INHERITED_FD = 3  # systemd passes its first socket as this file descriptor


def open_listener(host: str, port: int, backlog: int) -> socket.socket:
    """Return the socket that systemd passed on, or a new one.

    Raises OperatorError if this process cannot listen there.
    """
    if _has_systemd_socket():
        return socket.socket(fileno=FIRST_INHERITED_FD)
    listener = open_port(host, port, backlog)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # accepted connections inherit it
    return listener


def address_of(listener: socket.socket) -> str:
    """Return the address as in a URL, or the path of a Unix socket.

    It may be another one than HOST and PORT say, because systemd opened the socket.
    """
    name = listener.getsockname()
    if listener.family not in (socket.AF_INET, socket.AF_INET6):
        return str(name)
    host, port = name[:2]
    return f"[{host}]:{port}" if listener.family == socket.AF_INET6 else f"{host}:{port}"


def _has_systemd_socket() -> bool:
    """Return whether LISTEN_FDS is meant for this process and not left over from one of its parents."""
    is_for_this_process = os.environ.get("LISTEN_PID") == str(os.getpid())
    return is_for_this_process and os.environ.get("LISTEN_FDS", "0") != "0"
