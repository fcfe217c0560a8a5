"""`pip install` of the wheel gives a working `upvote` in any environment."""

import os
import re
import shlex
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import asyncpg
import pytest
from quart import Quart

from app import __version__, data_paths
from app.settings import Settings
from tests.deploy.conftest import ROOT
from tests.http import Connection
from tests.launcher import board as supervised
from tests.ports import free_port
from tests.processes import environment, until_alive
from tests.support import Board, session_cookie
from tests.waiting import CEILING, COMMAND_CEILING, until

DOCKERFILE = (ROOT / "Dockerfile").read_text()
PACKAGES = ("app", "workers", "migrations")


def test_every_file_of_the_product_is_in_the_wheel(wheel: Path):
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", *PACKAGES]
    tracked = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True)
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert packed == {name for name in tracked.stdout.split() if (ROOT / name).exists()}


def test_its_version_is_the_one_in_the_code(wheel: Path):
    assert wheel.name.startswith(f"upvote-{__version__}-")
    assert not re.search(r"^version *=", (ROOT / "pyproject.toml").read_text(), re.M)


@pytest.fixture(scope="session")
def upvote(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the command `upvote` in an environment with only the pinned packages and the wheel."""
    return install(wheel, tmp_path_factory.mktemp("installed") / "venv")


@pytest.mark.long
async def test_installed_into_an_empty_environment_it_serves_and_persists(upvote: str, tmp_path: Path):
    port, data_dir = free_port(), tmp_path / "data"
    variables = supervised.environment(DATA_DIR=str(data_dir), PORT=str(port))
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
        ended = serving.wait(CEILING)
    assert ended == 0


@pytest.mark.long
async def test_without_the_embedded_servers_the_commands_of_the_image_run(
    upvote: str, settings: Settings, board: Board, app: Quart, tmp_path: Path
):
    python = str(Path(upvote).with_name("python"))
    for step in re.findall(r"^RUN /opt/upvote/bin/(pip uninstall .*)$", DOCKERFILE, re.M):
        run([python, "-m", *shlex.split(step)], dict(os.environ), tmp_path)
    port, project_id, user = free_port(), await board.project(), await board.user()
    variables = environment(settings, port=port, data_dir=tmp_path / "data")
    run([upvote, "migrate"], variables, tmp_path)
    roles = [start([upvote, role], variables, tmp_path) for role in ("web", "worker")]
    try:
        await until_alive(port)
        run([python, "-m", "app.server.health_check"], variables, tmp_path)
        async with Connection(port, session_cookie(app, user)) as connection:
            assert (await connection.vote(project_id, 1)).status == 200

        async def persisted() -> bool:
            return await board.votes(project_id) == {user.id: 1}

        await until(persisted, "for the vote")
    finally:
        for role in roles:
            role.send_signal(signal.SIGTERM)
        assert [role.wait(CEILING) for role in roles] == [0, 0]


def start(command: list[str], variables: dict[str, str], place: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, env=variables, cwd=place)


def run(command: list[str], variables: dict[str, str], place: Path) -> None:
    subprocess.run(command, env=variables, cwd=place, check=True, timeout=COMMAND_CEILING)


def install(wheel: Path, place: Path) -> str:
    subprocess.run([sys.executable, "-m", "venv", str(place)], check=True, timeout=CEILING)
    pip = [str(place / "bin" / "python"), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    pins = ["--require-hashes", "-r", str(ROOT / "requirements.txt")]
    for what in (pins, ["--no-deps", str(wheel)]):
        subprocess.run([*pip, *what], check=True, timeout=10 * CEILING)
    return str(place / "bin" / "upvote")


async def page_with_its_files(port: int) -> None:
    """Get the front page, and every stylesheet, script and icon that it names."""
    async with Connection(port) as connection:
        page = await connection.get("/")
        files = set(re.findall(r'(?:href|src)="(/static/[^"#]+)', page.text))
        assert page.status == 200
        assert len(files) >= 5
        for path in files:
            assert (await connection.get(path)).status == 200, path


async def until_persisted(data_dir: Path) -> None:
    connection = await asyncpg.connect(data_paths.database_url(data_dir))
    try:
        await until(lambda: connection.fetchval("SELECT count(*) FROM vote_events"), "for events")
    finally:
        await connection.close()
