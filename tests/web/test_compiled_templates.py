"""Compiled templates are kept, and never in the way."""

from pathlib import Path

import pytest
from jinja2 import DictLoader, Environment

from app import compile_templates
from app.templating import COMPILED
from app.web.compiled_templates import CompiledTemplates


def environment(directory: Path, source: str = "Hello {{ name }}", **options: bool) -> Environment:
    kept = CompiledTemplates(directory)
    return Environment(
        loader=DictLoader({"a.html": source}), bytecode_cache=kept, autoescape=True, **options
    )


def hello(found: Environment) -> str:
    return found.get_template("a.html").render(name="you")


@pytest.fixture
def compilations(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The sources that Jinja compiles."""
    found, compile_ = list[str](), Environment.compile

    def noted(self, source, *arguments, **options):
        found.append(source)
        return compile_(self, source, *arguments, **options)

    monkeypatch.setattr(Environment, "compile", noted)
    return found


def test_a_template_is_compiled_once_until_it_changes(tmp_path, compilations):
    assert [hello(environment(tmp_path / "new")) for _ in range(3)] == ["Hello you"] * 3
    assert len(compilations) == 1
    assert hello(environment(tmp_path / "new", "Bye {{ name }}")) == "Bye you"
    assert len(compilations) == 2


def test_what_renders_in_turns_is_kept_apart(tmp_path, compilations):
    for is_async in (True, False, True, False):
        found = environment(tmp_path, enable_async=is_async).get_template("a.html")
        assert found.render(name="you") == "Hello you"
    assert len(compilations) == 2


@pytest.mark.parametrize("left", [0, 20, 40, 90])
def test_a_file_that_was_cut_short_is_written_anew(tmp_path, compilations, left):
    hello(environment(tmp_path))
    [kept] = tmp_path.iterdir()
    whole = kept.read_bytes()
    kept.write_bytes(whole[:left])
    assert hello(environment(tmp_path)) == "Hello you"
    assert kept.read_bytes() == whole


def test_other_users_may_read_what_is_kept(tmp_path):
    hello(environment(tmp_path))
    [kept] = tmp_path.iterdir()
    assert kept.stat().st_mode & 0o777 == 0o644


def test_a_directory_that_cannot_be_made_does_no_harm(tmp_path):
    (tmp_path / "file").touch()
    assert hello(environment(tmp_path / "file" / "kept")) == "Hello you"


def test_all_templates_compile_and_are_then_kept(compilations):
    compile_templates.main()
    assert list(COMPILED.iterdir())
    compilations.clear()
    compile_templates.main()
    assert compilations == []
