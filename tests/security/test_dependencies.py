"""docs/security.md names every dependency, and a test for every threat."""

import importlib.util
import re
import tomllib
from collections import Counter
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, metadata
from subprocess import CompletedProcess

import pytest

from tests.doc_tables import ROOT, table

SPEC = importlib.util.spec_from_file_location("check_packages", ROOT / "tools/check_packages.py")
check_packages = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(check_packages)
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


def test_every_threat_has_a_test_with_its_name():
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


def test_the_licences_are_those_that_the_packages_name():
    for name, _, licence in table(ROOT / "docs/security.md", "Dependencies"):
        told = metadata(name.strip("`"))
        names = [
            told.get("License-Expression"),
            told.get("License"),
            *(told.get_all("Classifier") or []),
        ]
        assert any(licence in each for each in names if each), (name, names[:2])


def test_every_package_that_is_installed_says_its_licence():
    pinned = re.findall(r"^([\w.-]+)==", (ROOT / "requirements.txt").read_text(), re.M)
    for name in pinned:
        with suppress(PackageNotFoundError):  # for another system or Python
            told = metadata(name)
            kinds = [each for each in told.get_all("Classifier") or [] if each.startswith("License ::")]
            assert told.get("License-Expression") or told.get("License") or kinds, name


GOOD = {"name": "a", "version": "1", "vulns": []}
BAD = {"name": "b", "version": "1", "vulns": [{"id": "CVE-1", "fix_versions": ["1.1", "2"]}]}
SKIPPED = {"name": "c", "skip_reason": "not found"}


def test_the_package_check_names_each_vulnerability_and_its_fix():
    assert list(check_packages.vulnerabilities([GOOD])) == []
    assert list(check_packages.vulnerabilities([GOOD, BAD])) == ["b 1: CVE-1, fixed in 1.1, 2"]


@pytest.mark.parametrize("reports", [[], ["--strict"]])
def test_the_package_check_says_what_it_could_not_check(monkeypatch, capsys, reports):
    monkeypatch.setattr(check_packages, "mismatched", list)
    monkeypatch.setattr(check_packages, "yanked", list)
    monkeypatch.setattr(
        check_packages, "vulnerable", lambda: check_packages.vulnerabilities([GOOD, SKIPPED])
    )
    monkeypatch.setattr("sys.argv", ["check_packages.py", *reports])
    assert check_packages.main() == len(reports)
    said = capsys.readouterr().out
    assert "NOT CHECKED: pip-audit skipped 1 packages (c)" in said
    monkeypatch.setattr(
        check_packages, "vulnerable", lambda: check_packages.vulnerabilities([BAD, SKIPPED])
    )
    assert check_packages.main() == 1
    assert "CVE-1" in capsys.readouterr().out


def test_the_package_check_finds_a_pin_that_does_not_match(monkeypatch):
    text = (ROOT / "requirements.txt").read_text()
    [click] = [pin for pin in check_packages.pins(text) if pin.startswith("click==")]
    compiled = CompletedProcess([], 0, text.replace(click, "click==0.1"), "")
    monkeypatch.setattr(check_packages, "_run", lambda *_: compiled)
    assert {finding.split()[0] for finding in check_packages.mismatched()} == {click, "click==0.1"}


def test_the_package_check_finds_a_yanked_version(monkeypatch):
    result = CompletedProcess([], 0, "", "warning: `b==1` is yanked (reason: broken)\nWould install b")
    monkeypatch.setattr(check_packages, "_run", lambda *_: result)
    assert check_packages.yanked() == ["warning: `b==1` is yanked (reason: broken)"]
