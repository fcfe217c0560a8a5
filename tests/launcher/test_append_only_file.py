"""Zeros that a power cut left behind the append-only file are cut off; other damage ends the start."""

import re
import subprocess
from pathlib import Path

import pytest
import redis

from app.errors import OperatorError
from app.launcher import valkey
from tests.launcher.board import run
from tests.ports import free_port
from tests.servers import RunningServer, start_valkey

BEGIN = b"*1\r\n$5\r\nMULTI\r\n"
SET = b"*3\r\n$3\r\nSET\r\n$3\r\nnew\r\n$3\r\nyes\r\n"
MEBIBYTE = 1024 * 1024


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """What Valkey has written for two keys."""
    there = tmp_path_factory.mktemp("written")
    with start_valkey(there, "always") as server:
        client(server).set("kept", "yes")
        client(server).set("also", "yes")
    return file_of(there).read_bytes()


@pytest.fixture
def there(tmp_path: Path, written: bytes) -> Path:
    directory = tmp_path / "valkey" / "appendonlydir"
    directory.mkdir(parents=True)
    (directory / "appendonly.aof.manifest").write_text(
        "file appendonly.aof.1.incr.aof seq 1 type i\nfile appendonly.aof.2.incr.aof seq 2 type i\n"
    )
    for name in ("appendonly.aof.1.incr.aof", "appendonly.aof.2.incr.aof"):
        (directory / name).write_bytes(written)
    return tmp_path


def file_of(there: Path) -> Path:
    return sorted((there / "valkey" / "appendonlydir").glob("*.incr.aof"))[-1]


def client(server: RunningServer) -> redis.Redis:
    return redis.Redis.from_url(server.url, decode_responses=True)


@pytest.mark.parametrize(
    "tail",
    [
        bytes(1),
        bytes(4096),
        SET[:-10] + bytes(9000),  # a command that was cut short
        SET[: SET.index(b"yes")] + bytes(3),  # zeros where its value was
        BEGIN + SET + bytes(100),  # a transaction that was cut short
    ],
)
def test_zeros_at_the_end_are_cut_off_and_kept(there, written, tail, capfd):
    file_of(there).write_bytes(written + tail)
    with start_valkey(there) as server:
        assert client(server).mget("kept", "also", "new") == ["yes", "yes", None]
    [copy] = file_of(there).parent.glob("*.cut-at-*")
    assert copy.read_bytes() == tail
    [line] = capfd.readouterr().err.splitlines()
    assert f"{len(tail):,} bytes" in line
    assert str(copy) in line


def test_a_sound_file_stays_and_so_does_one_that_valkey_mends_itself(there, written, capfd):
    for tail in (b"", SET[:-10]):
        file_of(there).write_bytes(written + tail)
        valkey.prepare(there)
        assert file_of(there).read_bytes() == written + tail
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("tail", "size"),
    [
        (bytes(9 * MEBIBYTE), "9,437,184"),  # more than was written between two syncs
        (bytes(4096) + SET + bytes(4096), "8,223"),  # votes follow the gap
    ],
)
def test_more_damage_is_left_to_the_operator(there, written, tail, size):
    file_of(there).write_bytes(written + tail)
    with pytest.raises(OperatorError, match=size) as raised:
        valkey.prepare(there)
    assert file_of(there).read_bytes() == written + tail
    assert f"{there}/valkey/valkey-check-aof --fix {there}/valkey/appendonlydir/" in str(raised.value)


def test_the_command_that_the_message_names_mends(there, written):
    file_of(there).write_bytes(written + bytes(4096) + SET + bytes(4096))
    with pytest.raises(OperatorError) as raised:
        valkey.prepare(there)
    [command] = re.findall(r"then run (\S+ --fix \S+),", str(raised.value))
    subprocess.run(command.split(), input=b"y\n", check=True, capture_output=True)
    with start_valkey(there) as server:
        assert client(server).mget("kept", "also", "new") == ["yes", "yes", None]


def test_the_tool_is_where_valkeys_log_says(there):
    valkey.prepare(there)
    assert (there / "valkey" / "valkey-check-aof").is_file()


def test_serve_ends_at_once_if_valkey_cannot_load_the_file(there, written, settings):
    file_of(there).write_bytes(written + bytes(4096) + SET)
    result = serve(there, DATABASE_URL=str(settings.database_url))
    assert result.returncode == 1, result
    *shown, line = result.stderr.splitlines()
    assert any("Bad file format" in line for line in shown)
    assert "valkey-check-aof --fix" in line


def test_serve_ends_at_once_if_postgresql_ends_each_time(tmp_path, settings):
    """It shows PostgreSQL's reason."""
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres" / "PG_VERSION").write_text("18\n")
    result = serve(tmp_path, REDIS_URL=f"{settings.redis_url}?db=2")
    assert result.returncode == 1, result
    *shown, line = result.stderr.splitlines()
    assert any("postgres: " in line for line in shown)
    assert f"see {tmp_path}/log/postgres.log" in line


def serve(there: Path, **urls: str):
    """Run a start that would wait for ever if it waited for a server that has ended."""
    patient = "from app.launcher import wait_for; wait_for.EMBEDDED_SECONDS = 1e6"
    common = {"DATA_DIR": str(there), "PORT": str(free_port()), "SECRET_KEY": "x" * 16}
    return run("serve", before=patient, **common, **urls)
