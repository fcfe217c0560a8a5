"""Each finding is provoked, and has a runbook; one that is added without either fails here."""

import re
from pathlib import Path

import pytest

from app.operations.jobs import intervals
from app.settings import Settings
from tests.operations.doctor.troubles import TELLS_ONLY, TROUBLES, late

RUNBOOKS = Path(__file__).parents[3] / "docs/runbooks.md"
JOBS = {job: late(job, seconds) for job, seconds in intervals(Settings()).items()}
ALL = TROUBLES | JOBS


@pytest.mark.parametrize("finding", ALL)
async def test_the_finding_fails_in_its_trouble_and_says_what_to_do(clinic, finding):
    async with ALL[finding](clinic) as changes:
        check = (await clinic.examine(**changes))[finding]
    assert not check.well
    wrong, advice = re.fullmatch(r"(.*?)\. (.*)\.", check.text, re.S).groups()
    assert wrong
    assert len(advice.split()) > 2
    assert "geheim" not in check.text


async def test_every_finding_has_its_trouble(clinic):
    assert ALL.keys() | TELLS_ONLY == (await clinic.examine()).keys()


async def test_every_finding_has_its_runbook(clinic):
    findings = RUNBOOKS.read_text().split("\n## What doctor finds\n")[1]
    headings = re.findall(r"^### (.*)$", findings, re.M)
    assert sorted(headings) == sorted(await clinic.examine())


def test_a_finding_leads_to_its_alert_and_back():
    """Where a runbook names another, it is there."""
    text = RUNBOOKS.read_text()
    for name in re.findall(r"\]\(#([\w-]+)\)", text):
        assert name in {h.lower().replace(" ", "-") for h in re.findall(r"^#+ (.*)$", text, re.M)}
