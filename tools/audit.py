"""Audit the pinned packages: do they follow from pyproject.toml, is any withdrawn or vulnerable?

What the package index does not tell is said, and does not fail; with --strict it does.
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


class Untold(Exception):
    """The package index did not tell what a check has to know."""


def main() -> int:
    found, untold = [], []
    for check in (stale, withdrawn, vulnerable):
        try:
            found += check()  # keeps what it yields before it raises
        except Untold as error:
            untold.append(f"NOT AUDITED: {error}: run make lint where that can be reached")
    for line in [*found, *untold]:
        print(f"audit: {line}")
    return int(bool(found or (untold and "--strict" in sys.argv)))


def stale() -> list[str]:
    """Pins that pyproject.toml does not ask for, and the reverse; versions are taken as they are."""
    asked = _run(
        "uv", "pip", "compile", "--quiet", "--universal", "--fork-strategy", "fewest", "--no-annotate",
        "--no-header", "pyproject.toml", "--extra", "build", "-c", "requirements.txt",
    )  # fmt: skip
    if "No solution" in asked.stderr:
        return ["pyproject.toml and requirements.txt contradict each other: run make lock"]
    if asked.returncode:
        raise Untold(f"the package index says: {_last_line(asked.stderr)}")
    different = pins(asked.stdout) ^ pins((ROOT / "requirements.txt").read_text())
    return [f"{pin} is only in one of pyproject.toml and the pins: run make lock" for pin in different]


def pins(text: str) -> set[str]:
    return set(re.findall(r"^([\w.-]+==[^\s;\\]+)", text, re.M))


def withdrawn() -> list[str]:
    """Pinned versions that their makers have taken back."""
    options = ("--dry-run", "--no-deps", "--reinstall", "--require-hashes")
    told = _run("uv", "pip", "install", *options, *REQUIREMENTS)
    if told.returncode:
        raise Untold(f"the package index says: {_last_line(told.stderr)}")
    return [line for line in told.stderr.splitlines() if "yanked" in line]


def vulnerable() -> Iterator[str]:
    """What pip-audit's service knows of the pinned versions; raises Untold behind that."""
    options = ("--disable-pip", "--require-hashes", "--progress-spinner=off", "-f=json")
    told = _run("pip-audit", *options, *REQUIREMENTS)
    try:
        packages = json.loads(told.stdout)["dependencies"]
    except (ValueError, KeyError):
        raise Untold(f"pip-audit says: {_last_line(told.stderr)}") from None
    return judge(packages)


def judge(packages: Iterable[dict[str, Any]]) -> Iterator[str]:
    """As vulnerable(), from pip-audit's list."""
    skipped = [each["name"] for each in packages if "skip_reason" in each]
    for each in packages:
        for flaw in each.get("vulns", []):
            mended = ", ".join(flaw["fix_versions"]) or "no version"
            yield f"{each['name']} {each['version']}: {flaw['id']}, mended in {mended}"
    if skipped:
        named = ", ".join(skipped[:3]) + (", …" if len(skipped) > 3 else "")
        raise Untold(f"no vulnerability service knows {len(skipped)} packages ({named})")


def _run(program: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    run = [BIN / program, *arguments]
    return subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=False)


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["nothing"])[-1]


if __name__ == "__main__":
    sys.exit(main())
