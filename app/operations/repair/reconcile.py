"""Reconcile: verify the board and mend what is wrong with it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from app.operations.repair.repair import repair_project, unrepairable_reason
from app.operations.verify.findings import Finding, Report
from app.operations.verify.verify import recheck, verify
from app.services import Services


@dataclass(frozen=True)
class Unrepaired:
    """A finding that is still there, and why."""

    finding: Finding
    reason: str

    def __str__(self) -> str:
        return f"{self.finding}; cannot be repaired: {self.reason}"


@dataclass(frozen=True)
class Outcome:
    """What was found, what was repaired of it, what is left."""

    report: Report
    repaired: Sequence[Finding]
    unrepaired: Sequence[Unrepaired]

    @property
    def remaining(self) -> int:
        """How many differences are left."""
        return sum(unrepaired.finding.count for unrepaired in self.unrepaired)


async def reconcile(
    services: Services, project_ids: Sequence[int] | None = None, *, bar: bool = False
) -> Outcome:
    """Verify all projects, or the given ones, and mend each difference that can be repaired.

    Safe to repeat, to run twice at once, and to interrupt. Raises as verify does.
    """
    report = await verify(services, project_ids, bar=bar)
    for project_id, findings in _by_project(report.findings):
        await repair_project(services, project_id, list(findings))
    left = await recheck(services, report.findings)
    stay = {(f.project_id, f.kind) for f in left}
    return Outcome(
        report,
        [finding for finding in report.findings if (finding.project_id, finding.kind) not in stay],
        [unrepaired for _, findings in _by_project(left) for unrepaired in _unmended(list(findings))],
    )


def _unmended(findings: Sequence[Finding]) -> list[Unrepaired]:
    """The findings of one project that are left, each with its reason."""
    otherwise = "it was voted on all the while; run it again"
    return [
        Unrepaired(finding, unrepairable_reason(finding, findings) or otherwise) for finding in findings
    ]


def _by_project(findings: Sequence[Finding]) -> Iterator[tuple[int, Iterator[Finding]]]:
    return groupby(findings, key=lambda finding: finding.project_id)
