"""The listening socket tells its own address, whoever opened it."""

import socket

import pytest

from app.server.listener import address_of


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
