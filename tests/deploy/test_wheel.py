"""`pip install` gives a working `upvote` anywhere."""

import asyncio
import re
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import asyncpg
import pytest

from app import __version__
from app.embedded import layout
from tests.deploy.conftest import ROOT
from tests.http import Connection
from tests.processes import free_port, until_alive
from tests.supervise.board import environment

PACKAGES = ("app", "workers", "migrations")


def test_every_file_of_the_product_is_in_the_wheel(wheel: Path):
    tracked = subprocess.run(
        ["git", "ls-files", *PACKAGES], cwd=ROOT, capture_output=True, text=True, check=True
    )
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert packed == {name for name in tracked.stdout.split() if (ROOT / name).exists()}


def test_its_version_is_the_one_in_the_code(wheel: Path):
    assert wheel.name.startswith(f"upvote-{__version__}-")
    assert not re.search(r"^version *=", (ROOT / "pyproject.toml").read_text(), re.M)


@pytest.mark.long
async def test_installed_into_an_empty_environment_it_serves_and_persists(wheel: Path, tmp_path: Path):
    upvote = install(wheel, tmp_path / "venv")
    port, data_dir = free_port(), tmp_path / "data"
    variables = environment(DATA_DIR=str(data_dir), PORT=str(port))
    serving = start([upvote, "serve"], variables, tmp_path)
    try:
        await until_alive(port)
        await page_with_its_files(port)
        content = ["--projects", "2", "--users", "3", "--votes", "4"]
        run([upvote, "demo", *content], variables, tmp_path)
        await until_persisted(data_dir)
        run([upvote, "verify"], variables, tmp_path)
    finally:
        serving.send_signal(signal.SIGINT)
        ended = serving.wait(60)
    assert ended == 0


def start(command: list[str], variables: dict[str, str], place: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, env=variables, cwd=place)


def run(command: list[str], variables: dict[str, str], place: Path) -> None:
    subprocess.run(command, env=variables, cwd=place, check=True, timeout=60)


def install(wheel: Path, place: Path) -> str:
    """The command `upvote` of an environment that has the pinned packages and the wheel, no more."""
    subprocess.run([sys.executable, "-m", "venv", str(place)], check=True, timeout=60)
    pip = [str(place / "bin" / "python"), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    pins = ["--require-hashes", "-r", str(ROOT / "requirements.txt")]
    for what in (pins, ["--no-deps", str(wheel)]):
        subprocess.run([*pip, *what], check=True, timeout=300)
    return str(place / "bin" / "upvote")


async def page_with_its_files(port: int) -> None:
    """The front page, and every style, script and icon that it names."""
    async with Connection(port) as connection:
        page = await connection.get("/")
        files = set(re.findall(r'(?:href|src)="(/static/[^"#]+)', page.text))
        assert page.status == 200
        assert len(files) >= 5
        for path in files:
            assert (await connection.get(path)).status == 200, path


async def until_persisted(data_dir: Path) -> None:
    async with asyncio.timeout(30):
        connection = await asyncpg.connect(layout.database_url(data_dir))
        try:
            while not await connection.fetchval("SELECT count(*) FROM vote_events"):
                await asyncio.sleep(0.1)
        finally:
            await connection.close()
