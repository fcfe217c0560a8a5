"""The shell examples in docs/api.md work on a board with demo content."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.launcher.board import environment, served
from tests.waiting import COMMAND_CEILING

ROOT = Path(__file__).parent.parent.parent
BOARD = "http://127.0.0.1:8000"
BLOCK = "-- next example --"


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the output of each example by the text of the example."""
    data_dir = tmp_path_factory.mktemp("examples")
    examples = re.findall(r"^```sh\n(.*?)^```$", (ROOT / "docs/api.md").read_text(), re.M | re.S)
    with served(data_dir, "--demo") as board:
        script = f"echo '{BLOCK}'\n".join(["", *examples]).replace(":8000", f":{board.port}")
        (data_dir / ".venv").mkdir()
        (data_dir / ".venv/bin").symlink_to(Path(sys.executable).parent)
        result = subprocess.run(
            ["sh", "-eu", "-c", script],
            cwd=data_dir,
            env=environment(DATA_DIR=str(data_dir), PATH=_path_with_ab(data_dir)),
            capture_output=True,
            text=True,
            timeout=COMMAND_CEILING,
        )
    assert result.returncode == 0, result
    return dict(zip(examples, result.stdout.split(f"{BLOCK}\n")[1:], strict=True))


def _path_with_ab(directory: Path) -> str:
    """Return a PATH with `ab`: ApacheBench, or a script that does nothing if it is not installed."""
    path = os.environ["PATH"]
    if shutil.which("ab"):
        return path
    stand_in = directory / "bin/ab"
    stand_in.parent.mkdir()
    stand_in.write_text("#!/bin/sh\n")
    stand_in.chmod(0o755)
    return f"{stand_in.parent}:{path}"


def one(outputs: dict[str, str], text: str) -> str:
    """Return the output of the one example that contains the text."""
    [output] = [output for example, output in outputs.items() if text in example]
    return output


def test_ten_votes_give_five_successes_and_five_refusals(outputs):
    answers = [json.loads(line) for line in one(outputs, "1 2 3").split("\n") if line]
    assert [answer.get("vote_type") for answer in answers] == ["up"] * 5 + [None] * 5
    refusals = {answer["message"] for answer in answers[5:]}
    assert refusals == {"Too many vote attempts. Please wait a moment."}


def test_every_other_example_succeeds(outputs):
    for example, output in outputs.items():
        assert "1 2 3" in example or '"error"' not in output, example


def test_the_loop_over_a_list_reads_all_of_it(outputs):
    assert len(one(outputs, "while").splitlines()) == 84


def test_the_etag_example_gets_304(outputs):
    assert one(outputs, "If-None-Match") == "304\n"


def test_a_project_is_submitted(outputs):
    assert json.loads(one(outputs, "Where they go"))["score"] == 0


def test_a_vote_is_cast_and_taken_back(outputs):
    assert json.loads(one(outputs, '\'{"project_id": 1, "vote_type": "up"}\''))["vote_type"] == "up"
    assert json.loads(one(outputs, '"none"'))["vote_type"] == "none"
    assert json.loads(one(outputs, "/api/votes/metrics"))["total_votes"] > 0


@pytest.mark.long  # not every machine has ab
@pytest.mark.skipif(not shutil.which("ab"), reason="needs ApacheBench")
def test_apachebench_gets_an_answer_to_every_request(outputs):
    assert re.search(r"Complete requests: +1000\n", one(outputs, "ab -n"))
    assert re.search(r"Failed requests: +0\n|Non-2xx responses: +995\n", one(outputs, "ab -n"))
