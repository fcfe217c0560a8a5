"""The command line that starts one role of the process tree."""

import sys


def command(role: str, *options: str) -> list[str]:
    """Return the command line of a role; app/launcher/launch.py lists the roles.

    -P keeps Python from importing modules from the working directory.
    """
    return [sys.executable, "-P", "-m", "app.launcher.launch", role, *options]
