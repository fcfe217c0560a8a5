"""The deployment files name only things that exist: commands, settings, programs, services, paths."""

import configparser
import re
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
import yaml

from app.commands import cli
from app.end_in_time import END_SECONDS
from app.launcher.signals import SERVE_TIMEOUT, STOP_TIMEOUT
from app.launcher.supervisor_config import PROGRAMS
from app.settings import Settings, load_settings
from tests.deploy.conftest import ROOT
from tests.waiting import CEILING

COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]
UPVOTE = {name: service for name, service in SERVICES.items() if service.get("image") == "upvote"}
SETTINGS = {name.upper() for name, field in Settings.model_fields.items() if not field.exclude}
UNITS = sorted((ROOT / "deploy/systemd").glob("upvote*"))
STEPS = [
    (name, rest.strip())
    for name, rest in re.findall(r"^([A-Z]+) (.*)$", (ROOT / "Dockerfile").read_text(), re.M)
]


def commands() -> list[str]:
    return cli.list_commands(click.Context(cli))


def test_compose_runs_the_commands_of_the_product():
    assert {service["command"][1] for service in UPVOTE.values()} == {"web", "worker", "migrate"}
    for service in UPVOTE.values():
        assert service["command"][0] == "upvote"
        assert service["command"][1] in commands()


def test_compose_sets_settings_that_exist():
    for service in UPVOTE.values():
        assert service["environment"].keys() <= SETTINGS


def test_the_values_that_compose_sets_are_valid():
    for service in UPVOTE.values():
        values = service["environment"].items()
        filled = {n.lower(): re.sub(r"\$\{\w+(?::-(.*?)|.*?)\}", with_default, v) for n, v in values}
        settings = load_settings(**filled | {"secret_key": "x" * 16})
        assert filled.keys() <= settings.model_fields_set


def with_default(variable: re.Match[str]) -> str:
    return variable[1] or "x"


def test_compose_waits_only_for_services_with_a_health_check():
    for service in SERVICES.values():
        for name, wait in service.get("depends_on", {}).items():
            if wait["condition"] == "service_healthy":
                assert "healthcheck" in SERVICES[name]
            else:
                assert SERVICES[name]["restart"] == "no"


def test_the_health_check_of_postgresql_does_not_ask_the_server_of_the_first_start():
    assert "--host=127.0.0.1" in SERVICES["postgres"]["healthcheck"]["test"]


def test_every_volume_is_declared():
    used = {
        volume.split(":")[0]
        for service in SERVICES.values()
        for volume in service.get("volumes", [])
        if not volume.startswith("./")
    }
    assert used == COMPOSE["volumes"].keys()


def test_web_trusts_the_network_of_compose_and_no_other():
    [network] = COMPOSE["networks"]["default"]["ipam"]["config"]
    default = re.fullmatch(r"\$\{SUBNET:-(.*)\}", network["subnet"])[1]
    for service in UPVOTE.values():
        assert service["environment"]["TRUSTED_PROXIES"] == f"${{TRUSTED_PROXIES:-{default}}}"


def test_every_service_except_the_migration_restarts():
    assert {name for name, s in SERVICES.items() if s["restart"] != "unless-stopped"} == {"migrate"}


def test_no_committed_file_contains_a_secret():
    compose = (ROOT / "compose.yaml").read_text()
    for value in re.findall(r"^ *(?:\w+_PASSWORD|SECRET_KEY): (.*)$", compose, re.M):
        assert value.startswith("${")
    for line in (ROOT / ".env.example").read_text().splitlines():
        assert not re.match(r"(SECRET_KEY|POSTGRES_PASSWORD|VALKEY_PASSWORD)=.", line)


def test_the_valkey_of_compose_has_the_settings_that_doctor_wants():
    words = SERVICES["valkey"]["command"]
    options = dict(zip(words[1::2], words[2::2], strict=True))
    assert options == {
        "--appendonly": "yes",
        "--appendfsync": "everysec",
        "--maxmemory-policy": "noeviction",
        "--save": "",
        "--requirepass": "${VALKEY_PASSWORD:?set VALKEY_PASSWORD in .env}",
    }


@pytest.mark.parametrize("name", ["web", "worker"])
def test_every_supervisor_waits_longer_than_the_command_takes_to_end(name: str):
    unit = unit_of(ROOT / f"deploy/systemd/upvote-{name}.service")
    assert int(SERVICES[name]["stop_grace_period"].rstrip("s")) > END_SECONDS
    assert int(unit["Service"]["TimeoutStopSec"]) > END_SECONDS
    assert int(PROGRAMS[name]["stopwaitsecs"]) > END_SECONDS


def test_systemd_and_serve_wait_until_all_programs_have_ended():
    programs = sum(int(program["stopwaitsecs"]) for program in PROGRAMS.values())
    unit = unit_of(ROOT / "deploy/systemd/upvote.service")
    assert programs < STOP_TIMEOUT < SERVE_TIMEOUT < int(unit["Service"]["TimeoutStopSec"])


@pytest.mark.parametrize("name", ["upvote", "upvote-web", "upvote-worker"])
def test_systemd_tries_to_start_for_ever(name: str):
    """What stops a start may pass, as a full disk, or a backup that runs the servers meanwhile."""
    unit = unit_of(ROOT / f"deploy/systemd/{name}.service")
    assert (unit["Service"]["Restart"], unit["Unit"]["StartLimitIntervalSec"]) == ("always", "0")


def test_a_missed_backup_does_not_start_the_servers_before_the_board_does():
    assert unit_of(ROOT / "deploy/systemd/upvote-backup.service")["Unit"]["After"] == "upvote.service"


def test_systemd_waits_until_the_board_serves():
    service = unit_of(ROOT / "deploy/systemd/upvote.service")["Service"]
    assert (service["Type"], service["TimeoutStartSec"]) == ("notify", "infinity")


def test_the_image_runs_as_an_unprivileged_user_and_receives_signals():
    users = [rest for name, rest in STEPS if name == "USER"]
    assert users == ["upvote"]
    assert [rest for name, rest in STEPS if name == "CMD"] == ['["upvote", "web"]']
    assert len([rest for name, rest in STEPS if name == "FROM"]) == 2


def test_the_image_copies_only_files_that_exist_and_are_not_ignored():
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    for name, rest in STEPS:
        if name == "COPY" and "--from" not in rest:
            for path in rest.split()[:-1]:
                assert (ROOT / path).exists()
                assert f"!{path}" in ignored


def test_the_image_installs_only_pinned_and_hashed_packages():
    installs = [rest for name, rest in STEPS if name == "RUN" and "pip install" in rest]
    assert [("--require-hashes" in rest, "--no-deps" in rest) for rest in installs] == [
        (True, False),
        (False, True),
    ]


@pytest.mark.parametrize("unit", [u for u in UNITS if u.suffix == ".service"], ids=lambda u: u.name)
def test_a_unit_starts_a_command_of_the_product(unit: Path):
    service = unit_of(unit)["Service"]
    start = re.search(r"(\S+/upvote) (\w+)", service["ExecStart"])
    assert (start[1], start[2] in commands()) == ("/opt/upvote/bin/upvote", True)


@pytest.mark.parametrize("unit", [u for u in UNITS if u.suffix == ".service"], ids=lambda u: u.name)
def test_a_unit_and_the_command_have_the_same_settings(unit: Path):
    service = unit_of(unit)["Service"]
    # systemd would read an EnvironmentFile only when the service starts, and not for a reload.
    assert "EnvironmentFile" not in service
    command = (ROOT / "deploy/upvote").read_text()
    command = command.replace('"${DATA_DIR:-/var/lib/upvote}"', "/var/lib/upvote")
    for variable in service["Environment"].split():
        assert f" {variable} " in command
    assert f"--user {service['User']} " in command


def test_each_timer_starts_a_unit_that_exists():
    timers = [unit for unit in UNITS if unit.suffix == ".timer"]
    assert timers
    for timer in timers:
        assert timer.with_suffix(".service") in UNITS


def test_the_systemd_socket_listens_on_the_default_address():
    stream = unit_of(ROOT / "deploy/systemd/upvote-web.socket")["Socket"]["ListenStream"]
    defaults = Settings.model_fields
    assert stream == f"{defaults['host'].default}:{defaults['port'].default}"


@pytest.mark.long  # not every machine has systemd
@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")
def test_systemd_accepts_the_units(tmp_path: Path):
    for unit in UNITS:
        text = unit.read_text().replace("/opt/upvote/bin/upvote", "/bin/true")
        (tmp_path / unit.name).write_text(text)
    verify = ["systemd-analyze", "verify", "--man=no", *map(str, sorted(tmp_path.iterdir()))]
    found = subprocess.run(verify, capture_output=True, text=True, timeout=CEILING)
    ours = [line for line in found.stderr.splitlines() if "upvote" in line]
    assert ours == []


@pytest.mark.parametrize("name", ["Caddyfile", "nginx.conf"])
def test_a_proxy_does_not_buffer_live_tallies(name: str):
    text = (ROOT / "deploy" / name).read_text()
    assert text.count("{") == text.count("}")
    assert "flush_interval -1" in text or "proxy_buffering off" in text


def test_the_health_check_of_the_image_exits_with_1_if_nothing_listens():
    module = SERVICES["web"]["healthcheck"]["test"][3]
    asked = subprocess.run([sys.executable, "-m", module], env={"PORT": "1"}, cwd=ROOT, timeout=CEILING)
    assert asked.returncode == 1


def unit_of(path: Path) -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str  # type: ignore[assignment]
    parser.read(path)
    return parser
