"""Check the pinned packages: do they match pyproject.toml, and is one yanked or vulnerable?

Prints each check that could not run, for example without a package index. With --strict that fails too.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"
REQUIREMENTS = ("-r", "requirements.txt", "-r", "requirements-dev.txt")


class NotChecked(Exception):
    """A check could not run; the message says why."""


def main() -> int:
    found, not_checked = [], []
    for check in (mismatched, yanked, vulnerable):
        try:
            found += check()  # += keeps the findings that it yields before it raises
        except NotChecked as error:
            not_checked.append(f"NOT CHECKED: {error}: run make lint again with network access")
    for line in [*found, *not_checked]:
        print(f"packages: {line}")
    return int(bool(found or (not_checked and "--strict" in sys.argv)))


def mismatched() -> list[str]:
    """Return a line for each pin that pyproject.toml does not need, and for each missing one."""
    result = _run(
        "uv", "pip", "compile", "--quiet", "--universal", "--fork-strategy", "fewest", "--no-annotate",
        "--no-header", "pyproject.toml", "--extra", "build", "-c", "requirements.txt",
    )  # fmt: skip
    if "No solution" in result.stderr:
        return ["pyproject.toml and requirements.txt contradict each other: run make lock"]
    if result.returncode:
        raise NotChecked(f"the package index says: {_last_line(result.stderr)}")
    different = pins(result.stdout) ^ pins((ROOT / "requirements.txt").read_text())
    return [
        f"{pin} is only in one of pyproject.toml and requirements.txt: run make lock"
        for pin in different
    ]


def pins(text: str) -> set[str]:
    """Return every name==version in a requirements file."""
    return set(re.findall(r"^([\w.-]+==[^\s;\\]+)", text, re.M))


def yanked() -> list[str]:
    """Return uv's line for each pinned version that was yanked from the package index."""
    options = ("--dry-run", "--no-deps", "--reinstall", "--require-hashes")
    result = _run("uv", "pip", "install", *options, *REQUIREMENTS)
    if result.returncode:
        raise NotChecked(f"the package index says: {_last_line(result.stderr)}")
    return [line for line in result.stderr.splitlines() if "yanked" in line]


def vulnerable() -> Iterator[str]:
    """Yield a line for each known vulnerability. Raises NotChecked if pip-audit skipped packages."""
    options = ("--disable-pip", "--require-hashes", "--progress-spinner=off", "-f=json")
    result = _run("pip-audit", *options, *REQUIREMENTS)
    try:
        packages = json.loads(result.stdout)["dependencies"]
    except (ValueError, KeyError):
        raise NotChecked(f"pip-audit says: {_last_line(result.stderr)}") from None
    return vulnerabilities(packages)


def vulnerabilities(packages: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Yield the lines of vulnerable() from the packages in pip-audit's report."""
    skipped = [each["name"] for each in packages if "skip_reason" in each]
    for each in packages:
        for flaw in each.get("vulns", []):
            fixed = ", ".join(flaw["fix_versions"]) or "no version"
            yield f"{each['name']} {each['version']}: {flaw['id']}, fixed in {fixed}"
    if skipped:
        named = ", ".join(skipped[:3]) + (", …" if len(skipped) > 3 else "")
        raise NotChecked(f"pip-audit skipped {len(skipped)} packages ({named})")


def _run(program: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    run = [BIN / program, *arguments]
    return subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=False)


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["nothing"])[-1]


if __name__ == "__main__":
    sys.exit(main())
