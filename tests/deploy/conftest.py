"""The wheel of the product, built once for all tests."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.waiting import CEILING

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel with the build requirements in this environment, so without network access."""
    directory = tmp_path_factory.mktemp("wheel")
    build = ["wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(directory), str(ROOT)]
    subprocess.run([sys.executable, "-m", "pip", *build], check=True, timeout=CEILING)
    return next(directory.glob("*.whl"))
