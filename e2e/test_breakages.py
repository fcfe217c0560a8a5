"""Each claim of the button is seen to fail on a button that breaks it."""

import os
import subprocess
import sys

import pytest

from e2e.breakages import BREAKAGES


@pytest.mark.long
@pytest.mark.parametrize("letter", BREAKAGES)
def test_the_claims_tests_fail_on_a_broken_button(letter, tmp_path):
    tests = ["e2e/test_button.py", "e2e/test_live.py", "-k", f"test_{letter}_", "-x"]
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--basetemp", str(tmp_path / "t"), *tests],
        env=os.environ | BREAKAGES[letter].settings | {"UPVOTE_BREAKAGE": letter},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert result.returncode == 1, result.stdout  # 1: a test failed; other codes: it did not run
    assert "nothing to break" not in result.stdout
    assert (
        f"FAILED e2e/test_{'live' if letter == 'l' else 'button'}.py::test_{letter}_" in result.stdout
    )
