"""The tests of each claim fail on a button that breaks the claim."""

import os
import subprocess
import sys

import pytest

from e2e.breakages import BREAKAGES
from tests.waiting import CEILING

FILES = {"f": "test_rollback", "j": "test_leaving", "l": "test_live"}


@pytest.mark.long
@pytest.mark.parametrize("letter", BREAKAGES)
def test_the_tests_of_a_claim_fail_on_a_broken_button(letter, tmp_path):
    tests = f"e2e/{FILES.get(letter, 'test_button')}.py"
    place = ["--basetemp", str(tmp_path / "t")]
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-k", f"test_{letter}_", *place, tests],
        env=os.environ | BREAKAGES[letter].settings | {"UPVOTE_BREAKAGE": letter},
        capture_output=True,
        text=True,
        timeout=5 * CEILING,
        check=False,
    )
    assert result.returncode == 1, result.stdout  # 1: a test failed; other codes: it did not run
    assert "nothing to break" not in result.stdout
    assert f"FAILED {tests}::test_{letter}_" in result.stdout
