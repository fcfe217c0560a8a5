"""The embedded Valkey loses no acknowledged write, and is private."""

import stat
from pathlib import Path

import psutil
import pytest
import redis

from app import data_paths
from tests.servers import RunningServer, start_valkey


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("my data")


@pytest.fixture(scope="module")
def server(data_dir: Path):
    with start_valkey(data_dir) as running:
        yield running


def client(server: RunningServer) -> redis.Redis:
    return redis.Redis.from_url(server.url, decode_responses=True)


def test_it_appends_everything_and_evicts_nothing(server: RunningServer):
    settings = client(server).config_get("*")
    assert settings["appendonly"] == "yes"
    assert settings["appendfsync"] == "everysec"
    assert settings["maxmemory-policy"] == "noeviction"


def test_it_listens_only_on_a_socket_in_a_private_directory(server: RunningServer, data_dir: Path):
    directory = data_paths.run_dir(data_dir) / "valkey"
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert psutil.Process(server.pid).net_connections("tcp") == []


def test_it_joins_freed_memory_piece_by_piece(server: RunningServer):
    """glibc's fast bins would hold up some vote after a large project has been removed."""
    assert psutil.Process(server.pid).environ()["GLIBC_TUNABLES"] == "glibc.malloc.mxfast=0"


# With everysec an answer may come before its write, while an fsync is in progress.
def test_an_acknowledged_write_survives_kill_9(server: RunningServer):
    client(server).config_set("appendfsync", "always")
    client(server).set("kept", "yes")
    server.kill9()
    server.restart()
    assert client(server).get("kept") == "yes"


def test_a_truncated_command_loses_only_itself(server: RunningServer, data_dir: Path):
    client(server).config_set("appendfsync", "always")
    client(server).mset({"whole": "yes"})
    client(server).set("cut", "x" * 100)
    server.kill9()
    [tail] = (data_dir / "valkey" / "appendonlydir").glob("*.incr.aof")
    with tail.open("r+b") as file:
        file.truncate(tail.stat().st_size - 50)
    server.restart()
    assert client(server).mget("whole", "cut") == ["yes", None]


def test_appendfsync_always_can_be_chosen(tmp_path: Path):
    with start_valkey(tmp_path, appendfsync="always") as server:
        assert client(server).config_get("appendfsync") == {"appendfsync": "always"}
