"""The documentation matches the code: settings, commands, recipes, keys, tables, files."""

import re
from pathlib import Path

import click
import pytest

from app.commands import cli
from app.settings import Settings
from app.storage import timeouts
from app.voting import keys
from tests.doc_tables import ROOT, table

README, API = ROOT / "README.md", ROOT / "docs/api.md"
ARCHITECTURE, OPERATIONS = ROOT / "docs/architecture.md", ROOT / "docs/operations.md"
TOP_LEVEL = [ROOT / name for name in ("CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")]
PAGES = [README, *TOP_LEVEL, *sorted((ROOT / "docs").rglob("*.md"))]
EVERY_PAGE = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)

SETTINGS = {
    name.upper(): "unset" if field.default is None else f"`{field.default}`"
    for name, field in Settings.model_fields.items()
    if not field.exclude  # excluded fields follow from other settings
}
# Variables that are read outside app/settings.py, and variables of shell examples.
OTHER_VARIABLES = {
    "FUZZ_INPUTS",
    "FUZZ_SEED",
    "UPVOTE_PASSWORD",
    "PYTHON",
    "PYTEST_XDIST_WORKER_COUNT",
    "ARGS",
    "TOKEN",
    "BOARD_TOKEN",
    "SITE_SECRET",
    "PWD",
    "LISTEN_FDS",
    "POSTGRES_PASSWORD",
    "VALKEY_PASSWORD",
    "ENV_FILE",
    "HTTP_PORT",
    "HTTPS_PORT",
    "SUBNET",
    "SITE",
    "NEW_DATABASE_URL",
    "NEW_REDIS_URL",
    "HTTPS_PROXY",
}
CONSTANTS = {
    name
    for module in (ROOT / "app").rglob("*.py")
    for name in re.findall(r"^([A-Z][A-Z_]+)\b[^=\n]*=", module.read_text(), re.M)
}
LIMITS = {name for name in vars(timeouts) if name.endswith("_SECONDS")}
RECIPES = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.M))
PARTS = {"shard": "S", "project_id": "P", "user_id": "U", "token": "TOKEN"}
PARTS |= {"kind": "KIND", "subject": "SUBJECT", "job": "JOB", "at": "TIME"}
NOT_KEYS = (keys.shard_of, keys.project_of, keys.all_tallies, keys.everything)
KEYS = {
    function(*[PARTS[part] for part in function.__annotations__ if part != "return"])
    for function in vars(keys).values()
    if callable(function) and function not in NOT_KEYS
}
KEYS |= {key for name, key in vars(keys).items() if name.isupper() and isinstance(key, str)}
TABLES = {
    name
    for migration in (ROOT / "migrations").glob("*.sql")
    for name in re.findall(r"^CREATE TABLE (\w+) \(", migration.read_text(), re.M)
}


def test_every_setting_is_in_the_table_with_its_default():
    rows = {row[0].strip("`"): row[1] for row in table(OPERATIONS, "Settings")}
    assert rows == SETTINGS


@EVERY_PAGE
def test_every_named_variable_exists(page: Path):
    code = "\n".join(code_of(page))
    named = re.findall(r"\b[A-Z]+(?:_[A-Z]+)+\b", code) + re.findall(r"\b([A-Z]+)=", code)
    assert set(named) - SETTINGS.keys() - OTHER_VARIABLES - LIMITS - CONSTANTS == set()


def test_every_command_is_in_the_table_with_its_options():
    rows = {row[0].strip("`") for row in table(OPERATIONS, "Commands") if "`upvote " in row[0]}
    described = {" ".join(re.findall(r"(?<![-\[])\b[a-z]+\b(?![\]-])", row)): row for row in rows}
    assert described.keys() == {f"upvote {name}" for name in commands()}
    for name, command in commands().items():
        assert set(re.findall(r"--[a-z-]+", described[f"upvote {name}"])) == options_of(command)


@EVERY_PAGE
def test_every_named_command_exists(page: Path):
    for words in re.findall(r"(?<![/\w@])(?:\.venv/bin/)?upvote +([a-z][a-z ]*)", code_of_shell(page)):
        assert any(f"{words.strip()} ".startswith(f"{name} ") for name in commands()), words


def test_every_recipe_is_in_the_table():
    rows = {row[0].strip("`") for row in table(OPERATIONS, "Commands") if "`make " in row[0]}
    assert rows == {f"make {recipe}" for recipe in RECIPES}


@EVERY_PAGE
def test_every_named_recipe_exists(page: Path):
    named = re.findall(r"^(?:[A-Z]+=\S+ )?make ([a-z-]+)", code_of_shell(page), re.M)
    assert set(named) <= RECIPES


def test_every_redis_key_is_in_the_table():
    assert {row[0].strip("`") for row in table(ARCHITECTURE, "Redis keys")} == KEYS


@EVERY_PAGE
def test_every_named_redis_key_exists(page: Path):
    assert set(re.findall(r"\{v:S\}:[\w:]+", page.read_text())) <= KEYS


def test_every_table_is_in_the_documentation():
    described = {row[0].strip("`") for row in table(ARCHITECTURE, "Tables")}
    assert described == TABLES


@EVERY_PAGE
def test_every_link_leads_to_an_existing_file_and_heading(page: Path):
    for link in re.findall(r"\]\(([^)]+)\)", page.read_text()):
        if re.match(r"https?:", link):
            continue
        path, _, heading = link.partition("#")
        target = page.parent / path if path else page
        assert target.exists(), link
        assert not heading or heading in map(slug, headings(target)), link


@EVERY_PAGE
def test_every_named_file_exists(page: Path):
    for path in re.findall(
        r"`((?:app|workers|migrations|tests|tools|e2e|docs)/[\w./-]*)`", page.read_text()
    ):
        assert (ROOT / path).exists(), path


def test_the_readme_links_to_every_page():
    linked = {(ROOT / link.split("#")[0]) for link in re.findall(r"\]\(([^):]+)\)", README.read_text())}
    assert set(PAGES) - {README} <= linked


def commands() -> dict[str, click.Command]:
    """Return every command, but no group, by its full name."""
    return dict(_walk(cli, ()))


def _walk(group: click.Group, words: tuple[str, ...]):
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from _walk(command, (*words, name))
        else:
            yield " ".join((*words, name)), command


def options_of(command: click.Command) -> set[str]:
    options = [p for p in command.params if isinstance(p, click.Option) and not p.hidden]
    return {name for option in options for name in option.opts}


def code_of(page: Path) -> list[str]:
    """Return the code on a page: fenced blocks and spans."""
    text = page.read_text()
    fence = r"^```\w*\n(.*?)^```$"
    blocks = re.findall(fence, text, re.M | re.S)
    return blocks + re.findall(r"`([^`\n]+)`", re.sub(fence, "", text, flags=re.M | re.S))


def code_of_shell(page: Path) -> str:
    """Return the code on a page without SQL, in which `upvote` is not the command."""
    return "\n".join(code for code in code_of(page) if "CREATE ROLE" not in code)


def headings(page: Path) -> list[str]:
    return re.findall(r"^#+ (.*)$", page.read_text(), re.M)


def slug(heading: str) -> str:
    """Return the anchor of a heading."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
