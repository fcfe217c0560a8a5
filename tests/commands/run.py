"""Runs commands and returns what they print and how they exit.

Running them in this process saves the second that a new process needs. Tests of imports and of the
environment use a process.
"""

import asyncio
import contextlib
import io
import os
import subprocess
import sys
from unittest.mock import patch

import structlog

from app.commands import main
from app.settings import Settings
from tests.launcher.board import environment
from tests.waiting import COMMAND_CEILING


def variables(settings: Settings, **more: str | None) -> dict[str, str]:
    """Return the environment variables that give a command these settings."""
    given = {
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "SECRET_KEY": settings.secret_key,
        **more,
    }
    return environment(**{name: value for name, value in given.items() if value})


async def run_in_process(
    settings: Settings, *words: str, **more: str | None
) -> subprocess.CompletedProcess[str]:
    """Run `upvote WORDS` with these settings in this process."""
    return await asyncio.to_thread(_run, words, variables(settings, **more))


async def run_as_process(settings: Settings, *words: str) -> subprocess.CompletedProcess[str]:
    """Run `upvote WORDS` with these settings as a process."""
    return await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "app.commands", *words],
        env=variables(settings),
        capture_output=True,
        text=True,
        timeout=COMMAND_CEILING,
        check=False,
    )


def _run(words: tuple[str, ...], environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    out, err, logs = io.StringIO(), io.StringIO(), structlog.get_config()
    with (
        patch.dict(os.environ, environ, clear=True),
        patch.object(sys, "argv", ["upvote", *words]),
        patch("app.commands.give_way"),  # else this thread would have the priority of a command
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
        finally:
            structlog.configure(**logs)
    return subprocess.CompletedProcess(list(words), code, out.getvalue(), err.getvalue())
