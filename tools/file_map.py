"""Write docs/map.md from the first sentences of all modules: `.venv/bin/python tools/file_map.py`."""

import ast
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "docs/map.md"
HEAD = """\
# Map

Every file of the code with its first sentence. [README.md](../README.md#test-and-develop-it) says what
each folder is for, and [architecture.md](architecture.md#folders-and-arrows) in which direction they
import each other. `tools/file_map.py` writes this page.
"""


def modules() -> list[Path]:
    """Return the files of app and workers that have a name of their own."""
    return [
        path
        for folder in ("app", "workers")
        for path in sorted((ROOT / folder).rglob("*"))
        if path.suffix in (".py", ".lua") and path.stem not in ("__init__", "__main__")
    ]


def text() -> str:
    """Return the content of docs/map.md."""
    parts = [HEAD]
    for folder in sorted({path.parent for path in modules()}):
        parts.append(f"\n## {folder.relative_to(ROOT).as_posix()}\n")
        if about := first_sentence(folder / "__init__.py"):
            parts.append(f"\n{about}\n")
        parts.append("\n| file | |\n|---|---|\n")
        parts += [
            f"| `{path.name}` | {first_sentence(path)} |\n"
            for path in modules()
            if path.parent == folder
        ]
    return "".join(parts)


def first_sentence(path: Path) -> str:
    """Return the first sentence of a module's docstring, or of a Lua file's first comment."""
    code = path.read_text()
    if path.suffix == ".lua":
        found = code.removeprefix("--[[").split("]]")[0]
    else:
        found = ast.get_docstring(ast.parse(code)) or ""
    paragraph = " ".join(found.strip().split("\n\n")[0].split())
    return re.split(r"(?<=[a-z)`])\. ", paragraph)[0].rstrip(".")


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    FILE.write_text(text())
