"""Commands in this process: what they print and how they exit, without the second that a process needs.

What is about a process (what it imports by itself, what it gets from its environment) is run as one.
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


def variables(settings: Settings, **more: str | None) -> dict[str, str]:
    """The environment that tells a command of these settings."""
    told = {
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "SECRET_KEY": settings.secret_key,
        **more,
    }
    return environment(**{name: value for name, value in told.items() if value})


async def run_inside(
    settings: Settings, *words: str, **more: str | None
) -> subprocess.CompletedProcess[str]:
    """`upvote WORDS` with these settings."""
    return await asyncio.to_thread(_run, words, variables(settings, **more))


def _run(words: tuple[str, ...], environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    out, err, logs = io.StringIO(), io.StringIO(), structlog.get_config()
    with (
        patch.dict(os.environ, environ, clear=True),
        patch.object(sys, "argv", ["upvote", *words]),
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
