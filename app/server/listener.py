"""The listening socket: one for all web processes, and handed on from one start to the next.

Connections that wait to be accepted belong to the socket. As long as somebody holds it open, a
process that ends loses none of them: the next one accepts them.
"""

import os
import socket

from app.server.ports import open_port

FIRST_INHERITED = 3  # where systemd puts the first socket that it hands on


def listener(host: str, port: int, backlog: int) -> socket.socket:
    """The socket that systemd handed on, else a new one. Raises OperatorError if we cannot listen there."""
    if _is_handed_on():
        return socket.socket(fileno=FIRST_INHERITED)
    opened = open_port(host, port, backlog)
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # accepted ones inherit it
    return opened


def _is_handed_on() -> bool:
    """Whether LISTEN_FDS is meant for this process and not left over from one of its parents."""
    for_us = os.environ.get("LISTEN_PID") == str(os.getpid())
    return for_us and os.environ.get("LISTEN_FDS", "0") != "0"
