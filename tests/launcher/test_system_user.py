"""Started as root, PostgreSQL's user may enter the directories above its own, and nobody else may."""

import os
import pwd
import stat
from pathlib import Path

import pytest

from app.launcher.system_user import make_traversable

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root changes directories of others")


@pytest.fixture
def nobody() -> pwd.struct_passwd:
    return pwd.getpwnam("nobody")


@pytest.mark.parametrize(
    ("before", "after"),
    [(0o700, 0o710), (0o750, 0o751), (0o755, 0o755), (0o711, 0o711)],
    ids=["private", "of-a-group", "public", "open-to-pass"],
)
def test_a_directory_is_opened_as_little_as_possible(
    tmp_path: Path, nobody: pwd.struct_passwd, before: int, after: int
):
    parent = tmp_path / "parent"
    parent.mkdir()
    parent.chmod(before)
    make_traversable(nobody, parent / "data")
    status = parent.stat()
    assert stat.S_IMODE(status.st_mode) == after
    assert (status.st_gid == nobody.pw_gid) == (before == 0o700)


def test_a_changed_directory_is_named_once(
    tmp_path: Path, nobody: pwd.struct_passwd, capsys: pytest.CaptureFixture[str]
):
    parent = tmp_path / "parent"
    parent.mkdir(mode=0o700)
    make_traversable(nobody, parent / "data")
    assert str(parent) in capsys.readouterr().err
    make_traversable(nobody, parent / "data")
    assert capsys.readouterr().err == ""
