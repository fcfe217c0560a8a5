"""docs/security.md names every dependency, and a test for every threat."""

import re
import tomllib
from collections import Counter

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
def test_a_package_is_exchanged_on_its_way(name: str):
    blocks = re.split(r"\n(?=[a-z0-9])", (ROOT / name).read_text(), flags=re.I)
    pins = [block for block in blocks if "==" in block.splitlines()[0]]
    assert len(pins) >= len(PACKAGES)
    assert all("--hash=sha256:" in pin for pin in pins)


def test_every_threat_has_the_test_that_is_named_after_it():
    rows = table(ROOT / "docs/security.md", "Threats")
    assert len(rows) > 25
    for threat, *told, name in rows:
        assert name == f"`test_{'_'.join(re.findall('[a-z]+', threat.replace(chr(39), '')))}`"
        assert all(told), threat
    named = [name.strip("`") for *_, name in rows]
    assert Counter(named) - named_in("test_*.py") == Counter()
    assert set(named_in("test_threats_*.py")) <= set(named)


def named_in(pattern: str) -> Counter[str]:
    """The names of the tests in files of that pattern."""
    text = "\n".join(path.read_text() for path in (ROOT / "tests").rglob(pattern))
    return Counter(re.findall(r"^(?:async )?def (test_\w+)", text, re.M))
