"""Socket paths stay within the limit of the system, in a directory that belongs to this user."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app import data_paths
from app.errors import OperatorError
from app.launcher import supervisor_config
from app.launcher.lock import lock
from app.launcher.run_dir import make_run_dir
from app.launcher.secret_key import adopt_secret_key, make_secret_key
from app.settings import load_settings
from tests.launcher.board import OUR_VARIABLES
from tests.waiting import CEILING

LONG = Path("/somewhere") / ("deep" * 20)


def test_a_long_path_is_replaced_by_a_short_one_that_stays_the_same():
    assert len(str(data_paths.run_dir(LONG))) <= data_paths.LONGEST_RUN_DIR
    assert data_paths.run_dir(LONG) == data_paths.run_dir(LONG)
    assert data_paths.run_dir(LONG) != data_paths.run_dir(LONG / "other")


@pytest.mark.parametrize("name", ["my data", "100%", "what?", "a&b"])
def test_a_path_that_needs_escaping_in_urls_is_replaced_too(name: str):
    assert name not in str(data_paths.run_dir(Path("/") / name))


def test_a_run_directory_of_another_user_is_refused(tmp_path: Path):
    run_dir = data_paths.run_dir(tmp_path)
    run_dir.symlink_to("/var")
    try:
        with pytest.raises(OperatorError, match="belongs to another user"):
            make_run_dir(tmp_path)
    finally:
        run_dir.unlink()


@pytest.mark.parametrize("content", ["", "\0" * 64], ids=["empty", "zeros"])
def test_a_secret_key_that_a_power_cut_left_empty_is_replaced(tmp_path: Path, content: str, capfd):
    (tmp_path / "secret_key").write_text(content)
    assert len(make_secret_key(tmp_path)) >= 60
    assert "was empty" in capfd.readouterr().err


def test_the_secret_key_is_created_once_and_is_private(tmp_path: Path):
    first = make_secret_key(tmp_path)
    assert make_secret_key(tmp_path) == first
    assert os.stat(tmp_path / "secret_key").st_mode & 0o077 == 0


def test_the_lock_is_private_so_that_no_other_user_can_hold_it(tmp_path: Path):
    file = tmp_path / "serve.lock"
    file.touch(mode=0o644)
    with lock(tmp_path):
        assert file.stat().st_mode & 0o077 == 0
        with pytest.raises(OperatorError, match=f"process {os.getpid()}"):
            lock(tmp_path)


def test_the_socket_directory_does_not_follow_the_temporary_directory_of_a_process(tmp_path: Path):
    asked = (
        "from app import data_paths; from pathlib import Path; print(data_paths.run_dir(Path('/a b')))"
    )
    run = subprocess.run(
        [sys.executable, "-c", asked],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=CEILING,
    )
    assert Path(run.stdout.strip()).parent == Path("/tmp")  # noqa: S108


@pytest.mark.parametrize("name", ["board #2", "board ;2"])
def test_a_path_that_supervisord_would_cut_off_is_refused(tmp_path: Path, name: str):
    with pytest.raises(OperatorError, match="choose another path"):
        supervisor_config.write(load_settings(data_dir=tmp_path / name))
    supervisor_config.write(load_settings(data_dir=tmp_path / name.replace(" ", "")))


@pytest.mark.parametrize("key", [None, "a key of the environment"], ids=["file", "environment"])
def test_a_restored_secret_key_is_used_or_the_operator_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str | None
):
    restored = "the key of the backup, which is long enough"
    monkeypatch.chdir(tmp_path)  # away from .env
    for name in OUR_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    if key:
        monkeypatch.setenv("SECRET_KEY", key)
    make_secret_key(tmp_path)
    advice = adopt_secret_key(load_settings(data_dir=tmp_path), restored, tmp_path / "kept")
    assert (tmp_path / "secret_key").read_text() == restored
    assert advice is None if key is None else "Set SECRET_KEY" in str(advice)
