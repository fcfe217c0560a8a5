"""Notifies systemd that the board serves, by the protocol of sd_notify(3)."""

import contextlib
import os
import socket

READY = b"READY=1"


def take_notify_address() -> str:
    """Remove systemd's socket from the environment, so that no child gets it; return it, or ""."""
    return os.environ.pop("NOTIFY_SOCKET", "")


def notify_systemd(address: str) -> None:
    """Report that the start is complete; `systemctl start` waits for this (Type=notify).

    Errors are ignored, as the manual recommends: the address may be left over from a parent.
    """
    if not address:
        return
    # "@" stands for the zero byte that abstract names begin with.
    name = f"\0{address[1:]}" if address.startswith("@") else address
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.sendto(READY, name)
