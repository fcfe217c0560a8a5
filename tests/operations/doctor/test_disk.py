"""The check of the disk under DATA_DIR."""

import shutil

import pytest

from app.operations.doctor.disk import GIGABYTE, check_disk
from app.settings import load_settings

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
