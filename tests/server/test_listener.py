"""The listening socket tells its own address, whoever opened it."""

import socket

import pytest

from app.server.listener import address_of
from app.server.ports import browser_url, open_port


@pytest.mark.parametrize(
    ("family", "host", "shown"),
    [(socket.AF_INET, "127.0.0.1", "127.0.0.1"), (socket.AF_INET6, "::1", "[::1]")],
)
def test_the_address_is_that_of_the_socket(family: socket.AddressFamily, host: str, shown: str):
    with socket.socket(family) as listener:
        listener.bind((host, 0))
        assert address_of(listener) == f"{shown}:{listener.getsockname()[1]}"


def test_the_address_of_a_unix_socket_is_its_path(tmp_path):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "web.sock"))
        assert address_of(listener) == str(tmp_path / "web.sock")


def test_a_name_with_both_kinds_of_address_is_listened_on_where_a_browser_is_sent(monkeypatch):
    real = socket.getaddrinfo

    def both(host: str, port: int, **options: int) -> list[tuple]:
        assert host == "localhost"
        return [*real("::1", port, **options), *real("127.0.0.1", port, **options)]

    monkeypatch.setattr(socket, "getaddrinfo", both)
    with open_port("localhost", 0) as listener:
        assert listener.getsockname()[0] in browser_url("localhost", 0)
