"""Make .venv from the pinned and hashed requirements; do nothing when that has been done.

A fingerprint of the requirements is written last. Where it is missing, the making was interrupted
and starts anew; where it tells of other requirements, the environment is brought up to date. Where
PYTHON names another Python than the one that made it, it is made anew as well.
"""

import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"


def main() -> None:
    """Make the environment; with --dev also what tests and linters need."""
    with (ROOT / "tools" / "setup.py").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two at once: the second finds the work done
        _ensure("runtime", "requirements.txt")
        if "--dev" in sys.argv:
            _ensure("dev", "requirements-dev.txt")


def _ensure(kind: str, requirements: str) -> None:
    stamp = VENV / f".made-{kind}"
    wanted = _fingerprint(requirements)
    if PYTHON.exists() and stamp.exists() and stamp.read_text() == wanted and _is_of_asked_python():
        return
    print(f"upvote: installing {requirements} into .venv, once …", flush=True)
    if kind == "runtime" and not _usable(stamp):
        shutil.rmtree(VENV, ignore_errors=True)
        venv.create(VENV, with_pip=True)
    stamp.unlink(missing_ok=True)
    _pip("--require-hashes", "-r", requirements)
    _pip("--no-deps", "--no-build-isolation", "-e", ".")
    stamp.write_text(wanted)


def _usable(stamp: Path) -> bool:
    """Whether it was finished once, at this place (scripts hold its path), and its Python runs."""
    try:
        finished_here = stamp.read_text().startswith(f"{ROOT}\n") and _is_of_asked_python()
        return finished_here and subprocess.run([PYTHON, "-c", ""], check=False).returncode == 0
    except OSError:
        return False


def _is_of_asked_python() -> bool:
    """Whether the Python that PYTHON names, and that runs this, made it; True where PYTHON is unset."""
    if not os.environ.get("PYTHON"):
        return True
    made_by = (VENV / "pyvenv.cfg").read_text().splitlines()
    return f"version = {platform.python_version()}" in made_by


def _fingerprint(requirements: str) -> str:
    digest = hashlib.sha256()
    for name in (requirements, "pyproject.toml"):
        digest.update((ROOT / name).read_bytes())
    return f"{ROOT}\n{digest.hexdigest()}\n"


def _pip(*arguments: str) -> None:
    run = [PYTHON, "-m", "pip", "install", "-qq", "--disable-pip-version-check", *arguments]
    environment = os.environ | {"PIP_ROOT_USER_ACTION": "ignore"}
    if subprocess.run(run, cwd=ROOT, env=environment, check=False).returncode:
        sys.exit("upvote: the installation failed (see above): mend that and run make again")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
