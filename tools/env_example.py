"""Write .env.example from app/settings.py: `.venv/bin/python tools/env_example.py`."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / ".env.example"
HEAD = """\
# Settings, for a file .env. What is commented out is the default; docs/operations.md says more.
# tools/env_example.py writes this file.

# compose.yaml needs these two; openssl rand -hex 32 makes a good value.
SECRET_KEY=
POSTGRES_PASSWORD=

# The address of the site in compose.yaml, as board.example.org; Caddy gets a certificate for it.
#SITE=http://localhost
"""


def text() -> str:
    """What the file has to hold."""
    from app.settings import Settings

    parts = [HEAD]
    for name, field in Settings.model_fields.items():
        if not field.exclude and name != "secret_key":
            value = "" if field.default is None else field.default
            parts.append(f"\n# {field.description}\n#{name.upper()}={value}\n")
    return "".join(parts)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    FILE.write_text(text())
