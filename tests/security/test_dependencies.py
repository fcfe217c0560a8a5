"""docs/security.md names every dependency, and a test for every threat."""

import re
import tomllib

import pytest

from tests.test_docs import ROOT, table

PACKAGES = {
    re.match(r"[\w-]+", line)[0]  # type: ignore[index]
    for line in tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
}


def test_every_dependency_is_named_with_its_reason_and_licence():
    rows = [row for row in table(ROOT / "docs/security.md", "Dependencies") if len(row) == 3]
    assert {row[0].strip("`") for row in rows} == PACKAGES
    assert all(all(row) for row in rows)


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_package_is_pinned_by_hash(name: str):
    blocks = re.split(r"\n(?=[a-z0-9])", (ROOT / name).read_text(), flags=re.I)
    pins = [block for block in blocks if "==" in block.splitlines()[0]]
    assert len(pins) >= len(PACKAGES)
    assert all("--hash=sha256:" in pin for pin in pins)


def test_every_threat_has_a_test():
    rows = table(ROOT / "docs/security.md", "Threats")
    assert len(rows) > 10
    for *_, tests in rows:
        assert re.findall(r"`(tests/[\w/.]+)`", tests)
