"""The command of an installed board, which runs as the user of the service."""

import subprocess
from pathlib import Path

import pytest

from tests.deploy.conftest import ROOT
from tests.waiting import CEILING


@pytest.mark.parametrize("uid", [0, 1000])
def test_the_command_keeps_the_variables_that_the_documents_give_to_it(tmp_path: Path, uid: int):
    fakes = {
        "id": f"echo ${{FAKE_UID:-{uid}}}",
        # Like sudo, passes on only the variables that are named.
        "sudo": 'names=${1#--preserve-env=}; shift\nfor name in $(echo "$names" | tr , " "); do\n'
        'eval "value=\\${$name-}"; [ -z "$value" ] || kept="$kept $name=$value"; done\n'
        'exec env -i PATH="$PATH" FAKE_UID=0 $kept "$@"',
        "runuser": "shift 3\nprintf '%s\\n' \"$@\"; env",
    }
    for name, script in fakes.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    given = {"DATA_DIR": "/new", "NEW_REDIS_URL": "redis://new", "UPVOTE_PASSWORD": "hidden"}
    given["VOTE_SHARDS"] = "4"
    path = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    ran = output_of([str(ROOT / "deploy/upvote"), "restore", "/backup"], path | given)
    assert {f"{name}={value}" for name, value in given.items()} <= set(ran)
    assert "DATA_DIR=/new" in ran[: ran.index("/backup")]
    assert "DATA_DIR=/var/lib/upvote" in output_of([str(ROOT / "deploy/upvote"), "doctor"], path)


def output_of(words: list[str], environ: dict[str, str]) -> list[str]:
    ran = subprocess.run(words, env=environ, capture_output=True, text=True, timeout=CEILING)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.splitlines()
