"""The shape of the code: imports between packages, sizes, the glossary and the maps."""

import ast
import re
import statistics
from pathlib import Path

from importlinter.cli import lint_imports

from tests.doc_tables import rows_of
from tools import file_map

ROOT = Path(__file__).parent.parent
CODE = [
    path
    for folder in ("app", "workers", "bench", "tools", "tests", "e2e")
    for path in sorted((ROOT / folder).rglob("*"))
    if path.suffix in (".py", ".lua", ".js", ".css", ".html") and "vendor" not in path.parts
]
MAX_LINES = 250
MAX_MEDIAN = 8


def test_imports_go_one_way():
    assert lint_imports(config_filename=str(ROOT / ".importlinter"), no_cache=True) == 0


def test_no_file_imports_from_a_test():
    """What two tests need has a file of its own."""
    pattern = re.compile(r"^\s*(?:from|import) (?:tests|e2e)(?:\.\w+)*\.test_", re.MULTILINE)
    assert [path for path in CODE if path.suffix == ".py" and pattern.search(path.read_text())] == []


def test_no_file_is_too_long():
    assert [path for path in CODE if len(path.read_text().splitlines()) > MAX_LINES] == []


def test_no_test_changes_the_product_by_being_imported():
    """The change would stay for every later test of the process."""
    tests = [path for path in CODE if path.suffix == ".py" and path.name != "conftest.py"]
    changed = [
        f"{path}:{statement.lineno}"
        for path in tests
        if path.is_relative_to(ROOT / "tests") or path.is_relative_to(ROOT / "e2e")
        for statement in ast.parse(path.read_text()).body
        if isinstance(statement, ast.Assign | ast.AugAssign)
        for target in getattr(statement, "targets", [getattr(statement, "target", None)])
        if isinstance(target, ast.Attribute)
    ]
    assert changed == []


def test_half_of_the_functions_are_short():
    sizes = [
        node.end_lineno - node.lineno + 1
        for path in file_map.modules()
        if path.suffix == ".py"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    assert statistics.median(sizes) <= MAX_MEDIAN


def test_the_glossary_has_at_most_40_words_and_each_has_a_file():
    rows = rows_of((ROOT / "docs/glossary.md").read_text())
    assert len(rows) <= 40
    for word, _, file in rows:
        path = ROOT / file.strip("`")
        assert path.exists(), word
        stem = word.split(",")[0].split()[0][:5].lower()
        text = (path.read_text() + path.as_posix()).lower()
        assert stem in text, f"{file} does not speak of {word}"


def test_the_map_is_what_its_tool_writes():
    assert (ROOT / "docs/map.md").read_text() == file_map.text()


def test_every_file_says_in_a_sentence_what_it_does():
    silent = [path for path in file_map.modules() if len(file_map.first_sentence(path).split()) < 2]
    assert silent == []


def test_the_readme_names_every_folder():
    readme = (ROOT / "README.md").read_text()
    section = readme.split("\n## Test and develop it\n")[1].split("\n## ")[0]
    named = set(re.findall(r"`([a-z0-9_/]+)/`", section))
    folders = {path.name for path in ROOT.iterdir() if path.is_dir() and path.name[0] != "."}
    folders -= {"app", "test-artifacts", "__pycache__"}
    folders |= {f"app/{path.name}" for path in (ROOT / "app").iterdir() if path.is_dir()}
    assert named == folders - {"app/__pycache__"}
