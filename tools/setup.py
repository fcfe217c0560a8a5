"""Create .venv from the pinned and hashed requirements, unless it is up to date.

A fingerprint of the requirements is written last. If it is missing, the last attempt was interrupted
and the environment is created again. If the requirements have changed, the environment is updated. If
PYTHON names another Python than the one in the environment, it is created again too.
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
TEMPLATES = ROOT / "app" / "templates"


def main() -> None:
    """Create or update the environment; with --dev also the packages for tests and linters."""
    with (ROOT / "tools" / "setup.py").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # a second process waits and finds the work done
        _ensure("runtime", "requirements.txt")
        if "--dev" in sys.argv:
            _ensure("dev", "requirements-dev.txt")
        _compile_templates()


def _ensure(kind: str, requirements: str) -> None:
    stamp = VENV / f".made-{kind}"
    wanted = _fingerprint(requirements)
    if PYTHON.exists() and stamp.exists() and stamp.read_text() == wanted and _has_requested_python():
        return
    print(f"upvote: installing {requirements} into .venv …", flush=True)
    if kind == "runtime" and not _usable(stamp):
        shutil.rmtree(VENV, ignore_errors=True)
        venv.create(VENV, with_pip=True)
    stamp.unlink(missing_ok=True)
    _pip("--require-hashes", "-r", requirements)
    _pip("--no-deps", "--no-build-isolation", "-e", ".")
    stamp.write_text(wanted)


def _compile_templates() -> None:
    """Compile the templates if they have changed. Where that fails, requests do it."""
    stamp = VENV / ".made-templates"
    files = sorted(path for path in TEMPLATES.rglob("*") if path.is_file())
    sources = [path for path in files if path.parent.name != "__pycache__"]
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()
    wanted = f"{_fingerprint('requirements.txt')}{digest}\n"
    if (TEMPLATES / "__pycache__").exists() and stamp.exists() and stamp.read_text() == wanted:
        return
    done = subprocess.run([PYTHON, "-m", "app.compile_templates"], cwd=ROOT, check=False)
    if done.returncode == 0:
        stamp.write_text(wanted)


def _usable(stamp: Path) -> bool:
    """Return whether the environment was completed in this directory and its Python runs.

    The directory matters because the scripts of an environment contain its path.
    """
    try:
        finished_here = stamp.read_text().startswith(f"{ROOT}\n") and _has_requested_python()
        return finished_here and subprocess.run([PYTHON, "-c", ""], check=False).returncode == 0
    except OSError:
        return False


def _has_requested_python() -> bool:
    """Return whether the environment was made by the version of Python that PYTHON names.

    True if PYTHON is unset.
    """
    if not os.environ.get("PYTHON"):
        return True
    configuration = (VENV / "pyvenv.cfg").read_text().splitlines()
    return f"version = {platform.python_version()}" in configuration


def _fingerprint(requirements: str) -> str:
    digest = hashlib.sha256()
    for name in (requirements, "pyproject.toml"):
        digest.update((ROOT / name).read_bytes())
    return f"{ROOT}\n{digest.hexdigest()}\n"


def _pip(*arguments: str) -> None:
    run = [PYTHON, "-m", "pip", "install", "-qq", "--disable-pip-version-check", *arguments]
    environment = os.environ | {"PIP_ROOT_USER_ACTION": "ignore"}
    if subprocess.run(run, cwd=ROOT, env=environment, check=False).returncode:
        sys.exit("upvote: the installation failed (see above): fix the cause and run make again")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
