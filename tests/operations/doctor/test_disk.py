"""The check of the disk under DATA_DIR."""

import shutil

import pytest

from app.launcher.embedded_servers import environment
from app.launcher.secret_key import make_secret_key
from app.operations.doctor.disk import GIGABYTE, check_disk
from app.settings import load_settings
from tests.launcher.board import OUR_VARIABLES

DISK = [(5, "ok   disk: 5.0 GB free under "), (1, "FAIL disk: 1.0 GB free under ")]


@pytest.mark.parametrize(("free", "text"), DISK)
def test_a_disk_without_room_for_a_rewrite_of_valkeys_file_is_reported(
    tmp_path, monkeypatch, free, text
):
    (tmp_path / "valkey").mkdir()
    with (tmp_path / "valkey" / "incr.aof").open("wb") as file:
        file.truncate(2 * GIGABYTE)
    usage = shutil.disk_usage(tmp_path)._replace(free=free * GIGABYTE)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    check = check_disk(load_settings(data_dir=tmp_path))
    assert str(check).startswith(text)
    assert check.passed or "until there are 3.0 GB" in check.text


def test_a_data_dir_that_is_not_there_is_reported(tmp_path):
    check = check_disk(load_settings(data_dir=tmp_path / "nowhere"))
    assert not check.passed
    assert "correct DATA_DIR" in check.text


def test_the_processes_of_serve_look_at_the_disk(tmp_path, monkeypatch):
    """They are given the addresses of the embedded servers, like those of any other server."""
    monkeypatch.chdir(tmp_path)  # away from .env
    for name in OUR_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    make_secret_key(tmp_path)
    served = load_settings(data_dir=tmp_path)
    for name, value in environment(served).items():
        monkeypatch.setenv(name, value)
    of_web = load_settings()
    assert of_web == served
    usage = shutil.disk_usage(tmp_path)._replace(free=0)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    assert str(check_disk(of_web)).startswith("FAIL disk: 0.0 GB free under ")


def test_other_servers_are_not_embedded(tmp_path):
    there = {"database_url": "postgresql://db/upvote", "redis_url": "redis://127.0.0.1"}
    settings = load_settings(data_dir=tmp_path, secret_key="x" * 16, **there)
    assert (settings.embedded_database, settings.embedded_redis) == (False, False)
