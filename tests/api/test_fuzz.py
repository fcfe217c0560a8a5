"""Schemathesis sends the running API requests that its description allows, and others."""

import asyncio
import faulthandler
import os
import sys
from pathlib import Path

import pytest

from app.accounts.commands import create_token
from tests.conftest import NO_LIMITS
from tests.doc_tables import ROOT
from tests.processes import running_web
from tests.waiting import CEILING

TIMEOUT = 60 * CEILING  # s; it takes ten minutes with 600 examples a route
# A request that is too large is refused for its size, whatever else is wrong with it. The token is the
# only required header, and --header adds it to requests that shall lack it; the check ignored_auth does
# not have this fault.
CONFIG = """[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 406, 413, 414, 422, 428, 431]

[checks.missing_required_header]
enabled = false
"""


@pytest.mark.parametrize(
    "effort",
    [
        ("--phases", "examples,coverage"),  # all that the description says, without chance
        pytest.param(("--max-examples", "600"), marks=pytest.mark.fuzz),
    ],
    ids=["short", "long"],
)
async def test_every_response_matches_the_description(settings, board, tmp_path, effort):
    faulthandler.cancel_dump_traceback_later()  # a long run takes minutes, which is expected
    await board.project()
    user = await board.user()
    await board.db.execute("UPDATE users SET is_admin = true WHERE id = $1", user.id)
    token = await create_token(settings, user.username, ["projects"])
    async with running_web(settings, log_level="ERROR", **NO_LIMITS) as port:
        status, output = await schemathesis(port, token, tmp_path, *effort)
    print(output.partition("SUMMARY")[2] or output[-1000:])
    assert status == 0, output


async def schemathesis(port: int, token: str, directory: Path, *options: str) -> tuple[int, str]:
    """Run Schemathesis against the board at the port; return its exit code and its output."""
    (directory / "schemathesis.toml").write_text(CONFIG)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "schemathesis.cli",
        "run",
        f"http://127.0.0.1:{port}/api/openapi.json",
        "--header",
        f"Authorization: Bearer {token}",
        "--warnings",
        "off",
        "--suppress-health-check",
        "too_slow",  # of this machine, as it makes up requests
        "--request-timeout",
        f"{CEILING:g}",
        *options,
        env=os.environ | {"PYTHONPATH": str(ROOT), "SCHEMATHESIS_HOOKS": "tests.api.unique_keys"},
        cwd=directory,  # it stores the examples that it found there
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await asyncio.wait_for(process.communicate(), TIMEOUT)
    assert process.returncode is not None
    return process.returncode, output.decode()
