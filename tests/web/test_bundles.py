"""Bundles: one file of a module, or of a style sheet, and all that it imports."""

import pytest

from app.web.assets import load_assets
from app.web.bundles import bundle_modules, bundle_sheets


def test_a_bundle_has_each_module_once_after_those_that_it_imports():
    modules = {
        "main.js": "// The entry.\nimport './a.js';\nimport {b as other} from './b.js';\nother();\n",
        "a.js": "import {b} from './b.js';\nconst own = 1;\nb(own);\n",
        "b.js": "// Doubles.\nconst own = 2;\nexport const b = (n) => n * own;\n",
    }
    assert bundle_modules(modules) == {
        "main.js": (
            "const $b = (() => {\nconst own = 2;\nconst b = (n) => n * own;\nreturn {b};\n})();\n"
            "const $a = (() => {\nconst {b} = $b;\nconst own = 1;\nb(own);\nreturn {};\n})();\n"
            "const {b: other} = $b;\nother();\n"
        )
    }


def test_an_entry_keeps_its_own_exports():
    assert bundle_modules({"main.js": "export const a = 1;\n"}) == {"main.js": "export const a = 1;\n"}


@pytest.mark.parametrize(
    "line",
    [
        "export default 1;",
        "export {a};",
        "import * as b from './b.js';",
        "import {b} from 'elsewhere';",
    ],
)
def test_a_form_that_cannot_be_bundled_is_refused_at_the_start(line):
    with pytest.raises(ValueError, match=r"^a\.js: this form of import or export cannot be bundled"):
        bundle_modules({"main.js": "import './a.js';\n", "a.js": f"{line}\n", "b.js": ""})


def test_circular_imports_are_refused_at_the_start():
    circle = {"a.js": "import './b.js';\n", "b.js": "import './c.js';\n", "c.js": "import './b.js';\n"}
    with pytest.raises(ValueError, match="in a circle"):
        bundle_modules(circle)


def test_an_import_of_what_does_not_exist_is_refused_at_the_start():
    with pytest.raises(ValueError, match=r"^a\.js imports b\.js, which does not exist$"):
        bundle_modules({"a.js": "import {b} from './b.js';\n"})
    with pytest.raises(ValueError, match=r"b\.css is imported by a style sheet and does not exist"):
        bundle_sheets({"a.css": "@import './b.css';\n"})


def test_a_sheet_has_what_it_imports_in_place_and_no_comments():
    sheets = {
        "a.css": "/* All. */\n@import './b.css';\na {\n  top: 0;\n}\n",
        "b.css": "b { top: 1px; } /* b */\n",
    }
    assert bundle_sheets(sheets)["a.css"].split() == [
        "b",
        "{",
        "top:",
        "1px;",
        "}",
        "a",
        "{",
        "top:",
        "0;",
        "}",
    ]


def test_a_change_in_a_module_changes_the_address_of_the_bundle(tmp_path):
    (tmp_path / "js").mkdir()
    (tmp_path / "js/main.js").write_text("import './leaf.js';\n")
    digests = []
    for content in ("1;\n", "2;\n"):
        (tmp_path / "js/leaf.js").write_text(content)
        assets = load_assets(tmp_path)
        assert assets.keys() == {"js/main.js"}
        digests.append(assets["js/main.js"].digest)
    assert len(set(digests)) == 2
