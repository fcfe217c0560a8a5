"""Find or install a Chromium for the browser tests. `python e2e/browser.py` prints its path."""

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

VARIABLES = ("CHROME", "CHROMIUM")
# The shell comes first: the same engine without windows opens a page with a sixth of the CPU time.
SHELLS = ("chromium-headless-shell", "chrome-headless-shell")
NAMES = (*SHELLS, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
APPLICATIONS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
VERSION_SECONDS = 120
DOWNLOAD_SECONDS = 300
PACKAGE_SECONDS = 600
ADVICE = (
    "no browser for the tests: install Chromium or Chrome (Debian: apt install chromium), "
    "or name one: CHROME=/path/to/chrome make test"
)


def find_browser() -> str | None:
    """Return the path of an installed browser; one that a variable names comes first."""
    return next((path for path in _candidates() if _runs(path)), None)


def get_browser() -> str | None:
    """Return the path of a browser, and install one if there is none, which takes some minutes."""
    for install in (_nothing, _install_with_playwright, _install_package):
        install()
        if path := find_browser():
            return path
    return None


def _candidates() -> Iterator[str]:
    yield from (os.environ[name] for name in VARIABLES if os.environ.get(name))
    yield from (path for name in NAMES if (path := shutil.which(name)))
    yield from APPLICATIONS
    with contextlib.suppress(Exception):  # playwright may have changed; the other candidates remain
        yield _of_playwright()


def _of_playwright() -> str:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        return playwright.chromium.executable_path


def _runs(path: str) -> bool:
    # Run it, because Ubuntu's `chromium-browser` exists without snap but does not work.
    if not Path(path).is_file():
        return False
    return _try(path, "--version", seconds=VERSION_SECONDS)


def _nothing() -> None:
    pass


def _install_with_playwright() -> None:
    _say("downloading Chromium with playwright")
    _try(sys.executable, "-m", "playwright", "install", "chromium", seconds=DOWNLOAD_SECONDS)


def _install_package() -> None:
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    _say("installing Chromium with apt-get")
    _try("apt-get", "update", seconds=PACKAGE_SECONDS)
    for package in ("chromium-headless-shell", "chromium"):  # older systems have only chromium
        install = ("apt-get", "install", "-y", "--no-install-recommends", package)
        if _try(*install, seconds=PACKAGE_SECONDS):
            return


def _try(*command: str, seconds: int) -> bool:
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        result = subprocess.run(command, env=environment, capture_output=True, timeout=seconds)
        return result.returncode == 0
    return False


def _say(what: str) -> None:
    print(f"upvote: {what} …", file=sys.stderr, flush=True)


if __name__ == "__main__":
    browser = get_browser()
    if browser is None:
        sys.exit(f"upvote: {ADVICE}")
    print(f"Browser: {browser}")
