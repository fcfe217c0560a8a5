"""Bundles: a module or style sheet and all that it imports, as one file, put together at the start.

So each component has a file of its own, a page needs few requests, and nothing is built beforehand.
"""

import re
from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter

# The forms of import and export that a module may have, each at the beginning of a line.
IMPORT = re.compile(r"""^import (?:\{(?P<names>[^}]*)\} from )?['"]\./(?P<path>[^'"]+)['"];\n""", re.M)
EXPORT = re.compile(r"^export (?=(?:async )?(?:const|function\*?|class) (?P<name>[$\w]+))", re.M)
OTHER = re.compile(r"^(?:import|export)\b.*", re.M)
COMMENT_LINE = re.compile(r"^[ \t]*//.*\n", re.M)
SHEET_IMPORT = re.compile(r"""^@import ['"]\./(?P<path>[^'"]+)['"];\n""", re.M)
SHEET_COMMENT = re.compile(r"/\*.*?\*/", re.S)
INDENT = re.compile(r"^\s+", re.M)


def bundle_modules(sources: Mapping[str, str]) -> dict[str, str]:
    """Return the modules that no other one imports, each with all modules that it imports.

    An imported module becomes a function that is called once and returns what the module exports, so
    its other names stay its own. Raises ValueError for imports that are missing, form a circle or have
    a form that this does not know.
    """
    imports = {name: _imports(name, source, sources) for name, source in sources.items()}
    order = _sort(imports)
    imported = {each for found in imports.values() for each in found}
    return {
        entry: "".join(_wrap(name, sources[name]) for name in order if name in _reach(entry, imports))
        + _strip(entry, IMPORT.sub(_take, sources[entry]), is_entry=True)
        for entry in sources.keys() - imported
    }


def bundle_sheets(sources: Mapping[str, str]) -> dict[str, str]:
    """Return all style sheets, without comments, and with the sheets that they import in place."""

    def place(match: re.Match[str]) -> str:
        if match["path"] not in sources:
            raise ValueError(f"{match['path']} is imported by a style sheet and does not exist")
        return SHEET_IMPORT.sub(place, sources[match["path"]])

    whole = {name: SHEET_IMPORT.sub(place, source) for name, source in sources.items()}
    return {name: INDENT.sub("", SHEET_COMMENT.sub("", text)) for name, text in whole.items()}


def _imports(name: str, source: str, sources: Mapping[str, str]) -> tuple[str, ...]:
    found = tuple(match["path"] for match in IMPORT.finditer(source))
    if missing := set(found) - sources.keys():
        raise ValueError(f"{name} imports {', '.join(sorted(missing))}, which does not exist")
    return found


def _sort(imports: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Return the modules, each after those that it imports, and these in the order of its imports."""
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        raise ValueError(f"these modules import each other in a circle: {error.args[1][1:]}") from None
    order: dict[str, None] = {}

    def visit(name: str) -> None:
        for each in imports[name]:
            visit(each)
        order.setdefault(name)

    for name in imports:
        visit(name)
    return list(order)


def _reach(entry: str, imports: Mapping[str, tuple[str, ...]]) -> set[str]:
    return set().union(*({each} | _reach(each, imports) for each in imports[entry]))


def _wrap(name: str, source: str) -> str:
    exported = ", ".join(match["name"] for match in EXPORT.finditer(source))
    body = _strip(name, EXPORT.sub("", IMPORT.sub(_take, source)), is_entry=False)
    return f"const {_variable(name)} = (() => {{\n{body}return {{{exported}}};\n}})();\n"


def _take(match: re.Match[str]) -> str:
    """Return what stands for an import: the names that are taken from a module that has run."""
    if match["names"] is None:
        return ""
    return f"const {{{match['names'].replace(' as ', ': ')}}} = {_variable(match['path'])};\n"


def _variable(name: str) -> str:
    return "$" + re.sub(r"\W", "_", name.removesuffix(".js"))


def _strip(name: str, source: str, *, is_entry: bool) -> str:
    for match in OTHER.finditer(source):
        if not (is_entry and EXPORT.match(match[0])):
            raise ValueError(f"{name}: this form of import or export cannot be bundled: {match[0]}")
    return COMMENT_LINE.sub("", source).rstrip("\n") + "\n"
