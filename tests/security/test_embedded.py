"""Embedded servers cannot be reached from outside, and no command line contains a password."""

import subprocess
from pathlib import Path

import psutil
import pytest

from app.launcher import postgres as embedded_postgres
from app.launcher import valkey as embedded_valkey
from app.launcher.role_command import command
from app.launcher.supervisor_config import PROGRAMS
from app.settings import load_settings
from app.storage.migrate import migrate
from tests.servers import RunningServer


@pytest.mark.parametrize("name", ["postgres", "valkey"])
def test_the_embedded_servers_are_reached_from_outside(name: str, request: pytest.FixtureRequest):
    server: RunningServer = request.getfixturevalue(name)
    process = psutil.Process(server.pid)
    ours = {one.pid for one in (process, *process.children(recursive=True))}
    assert [each for each in psutil.net_connections("inet") if each.pid in ours] == []


def test_the_list_of_processes_tells_a_password(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    settings = load_settings(database_url="postgresql://u:sekret@db.example/x", secret_key="sekret" * 4)
    ran = [command(name) for name in (*PROGRAMS, "supervisord", "demo")]
    ran += [embedded_postgres.command(tmp_path), embedded_valkey.command(tmp_path)]

    def run(arguments, **_):
        ran.append(arguments)
        return subprocess.CompletedProcess(arguments, 0, "", "")

    monkeypatch.setattr(subprocess, "run", run)
    migrate(settings)
    assert len(ran) > 7
    assert "sekret" not in str(ran)
