"""systemd is notified at the address that it gives, and an address without a listener harms nobody."""

import os
import socket
from pathlib import Path

import pytest

from app.launcher.systemd import READY, notify_systemd, take_notify_address
from tests.waiting import CEILING


@pytest.mark.parametrize("is_abstract", [False, True])
def test_systemd_is_notified_at_a_path_and_at_an_abstract_name(tmp_path: Path, is_abstract: bool):
    name = f"upvote-test-{os.getpid()}" if is_abstract else str(tmp_path / "n")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.settimeout(CEILING)
        systemd.bind(f"\0{name}" if is_abstract else name)
        notify_systemd(f"@{name}" if is_abstract else name)
        assert systemd.recv(100) == READY


def test_an_address_without_a_listener_or_none_at_all_is_ignored(tmp_path: Path):
    for address in ("", str(tmp_path / "nobody"), "@nobody"):
        notify_systemd(address)


def test_children_do_not_get_the_address(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("NOTIFY_SOCKET", "/run/systemd/notify")
    assert take_notify_address() == "/run/systemd/notify"
    assert take_notify_address() == os.environ.get("NOTIFY_SOCKET", "") == ""
