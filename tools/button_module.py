"""Write app/static/embed/upvote.js from the modules under app/static/js.

Run `.venv/bin/python tools/button_module.py` after a change in app/static/js/upvote-button.js or in a
module that it imports; tests/web/test_button_module.py fails until then. Every reader of another site
loads this file. With short names it has less than 6 kB when it is compressed, and 9 kB without.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER, FILE = ROOT / "app/static/js", ROOT / "app/static/embed/upvote.js"
ENTRY, SETTINGS = "upvote-button.js", "upvote-settings.js"
HEAD = "// Upvote, MIT\n"
IMPORT = re.compile(r"^import [^;]*?'\./([\w-]+\.js)';\n", re.MULTILINE)
RENAMED = re.compile(r"^import [^;]*? as ", re.MULTILINE)
EXPORT = re.compile(r"^export (?=\w+ )", re.MULTILINE)
NAME = re.compile(r"^(?:export )?(?:async )?(?:const|let|class|function) (\w+)", re.MULTILINE)
STYLE = re.compile(r"(?<=replaceSync\(`).*?(?=`\))", re.DOTALL)


def text() -> str:
    """Return the content that the file should have.

    The names of the board's settings stay, and the server puts its values in their place.
    """
    import minify

    code = STYLE.sub(lambda match: minify.string("text/css", match[0]), bundle(FOLDER))
    whole = f"export const UpvoteButton = (() => {{{code}return UpvoteButton}})();"
    return HEAD + minify.string("application/javascript", whole) + "\n"


def bundle(folder: Path) -> str:
    """Return the entry after all modules that it imports, which share one scope then.

    Raises ValueError for a name that two modules have, and for an import under another name.
    """
    sources: dict[str, str] = {}

    def read(name: str) -> None:
        source = (folder / name).read_text()
        if RENAMED.search(source):
            raise ValueError(f"{name} imports something under another name, but all share one scope")
        for imported in IMPORT.findall(source):
            if imported not in (*sources, SETTINGS):
                read(imported)
        sources[name] = source

    read(ENTRY)
    check_names(sources)
    return "".join(EXPORT.sub("", IMPORT.sub("", source)) for source in sources.values())


def check_names(sources: dict[str, str]) -> None:
    owners: dict[str, str] = {}
    for file, source in sources.items():
        for name in NAME.findall(source):
            if name in owners:
                raise ValueError(f"{owners[name]} and {file} both have the name {name}")
            owners[name] = file


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(text())
