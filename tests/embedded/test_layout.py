"""Sockets stay within the length that the system allows, in a directory that is ours."""

import os
from pathlib import Path

import pytest

from app.embedded import layout
from app.failure import Failure

LONG = Path("/somewhere") / ("deep" * 20)


def test_a_long_path_gets_a_short_stand_in_that_stays_the_same():
    assert len(str(layout.run_dir(LONG))) <= layout.LONGEST_RUN_DIR
    assert layout.run_dir(LONG) == layout.run_dir(LONG)
    assert layout.run_dir(LONG) != layout.run_dir(LONG / "other")


@pytest.mark.parametrize("name", ["my data", "100%", "what?", "a&b"])
def test_a_path_that_urls_cannot_hold_gets_a_stand_in_too(name: str):
    assert name not in str(layout.run_dir(Path("/") / name))


def test_a_run_directory_laid_out_by_somebody_else_is_refused(tmp_path: Path):
    run_dir = layout.run_dir(tmp_path)
    run_dir.symlink_to("/var")
    try:
        with pytest.raises(Failure, match="belongs to somebody else"):
            layout.make_run_dir(tmp_path)
    finally:
        run_dir.unlink()


def test_the_secret_key_is_made_once_and_private(tmp_path: Path):
    first = layout.secret_key(tmp_path)
    assert layout.secret_key(tmp_path) == first
    assert os.stat(tmp_path / "secret_key").st_mode & 0o077 == 0
