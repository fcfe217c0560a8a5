"""Sockets stay within the length that the system allows, in a directory that is ours."""

import os
from pathlib import Path

import pytest

from app import data_paths
from app.errors import OperatorError

LONG = Path("/somewhere") / ("deep" * 20)


def test_a_long_path_gets_a_short_stand_in_that_stays_the_same():
    assert len(str(data_paths.run_dir(LONG))) <= data_paths.LONGEST_RUN_DIR
    assert data_paths.run_dir(LONG) == data_paths.run_dir(LONG)
    assert data_paths.run_dir(LONG) != data_paths.run_dir(LONG / "other")


@pytest.mark.parametrize("name", ["my data", "100%", "what?", "a&b"])
def test_a_path_that_urls_cannot_hold_gets_a_stand_in_too(name: str):
    assert name not in str(data_paths.run_dir(Path("/") / name))


def test_a_run_directory_laid_out_by_somebody_else_is_refused(tmp_path: Path):
    run_dir = data_paths.run_dir(tmp_path)
    run_dir.symlink_to("/var")
    try:
        with pytest.raises(OperatorError, match="belongs to somebody else"):
            data_paths.make_run_dir(tmp_path)
    finally:
        run_dir.unlink()


def test_the_secret_key_is_made_once_and_private(tmp_path: Path):
    first = data_paths.secret_key(tmp_path)
    assert data_paths.secret_key(tmp_path) == first
    assert os.stat(tmp_path / "secret_key").st_mode & 0o077 == 0
