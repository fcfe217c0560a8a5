"""Every check of doctor has a test that makes it fail, and a runbook."""

import re

import pytest

from app.operations.jobs import intervals
from app.settings import Settings
from tests.doc_tables import RUNBOOKS
from tests.operations.doctor.outside_troubles import OUTSIDE
from tests.operations.doctor.troubles import NEVER_FAIL, TROUBLES, late

JOBS = {job: late(job, seconds) for job, seconds in intervals(Settings()).items()}
ALL = TROUBLES | OUTSIDE | JOBS


@pytest.mark.parametrize("name", ALL)
async def test_the_check_fails_and_says_what_to_do(checked_board, name):
    async with ALL[name](checked_board) as changes:
        check = (await checked_board.run_checks(**changes))[name]
    assert not check.passed
    problem, advice = re.fullmatch(r"(.*?)\. (.*)\.", check.text, re.S).groups()
    assert problem
    assert len(advice.split()) > 2
    assert "geheim" not in check.text


async def test_every_check_is_made_to_fail(checked_board):
    assert ALL.keys() | NEVER_FAIL == (await checked_board.run_checks()).keys()


async def test_every_check_has_its_runbook(checked_board):
    sections = RUNBOOKS.read_text().split("\n## What doctor finds\n")[1]
    headings = re.findall(r"^### (.*)$", sections, re.M)
    assert sorted(headings) == sorted(await checked_board.run_checks())


def test_links_between_runbooks_lead_to_a_heading():
    text = RUNBOOKS.read_text()
    for name in re.findall(r"\]\(#([\w-]+)\)", text):
        assert name in {h.lower().replace(" ", "-") for h in re.findall(r"^#+ (.*)$", text, re.M)}
