"""Tells systemd that the board serves: the protocol of sd_notify(3)."""

import contextlib
import os
import socket

READY = b"READY=1"


def take_notify_address() -> str:
    """Return where systemd wants to be told, or "" if nobody waits. Child processes do not get it."""
    return os.environ.pop("NOTIFY_SOCKET", "")


def tell_systemd(address: str) -> None:
    """Say that the start is complete, on which `systemctl start` waits (Type=notify).

    The board goes on where nobody hears it, as the manual recommends: the address may be left over.
    """
    if not address:
        return
    # "@" stands for the zero byte that abstract names begin with.
    name = f"\0{address[1:]}" if address.startswith("@") else address
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.sendto(READY, name)
