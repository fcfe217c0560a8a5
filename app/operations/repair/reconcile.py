"""Verifies the board and repairs the differences."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from app.operations.repair.repair import repair_project, unrepairable_reason
from app.operations.verify.findings import Finding, Report
from app.operations.verify.verify import recheck, verify
from app.services import Services


@dataclass(frozen=True)
class Unrepaired:
    """A finding that remains after the repair, and the reason."""

    finding: Finding
    reason: str

    def __str__(self) -> str:
        return f"{self.finding}; cannot be repaired: {self.reason}"


@dataclass(frozen=True)
class Outcome:
    """The report, the repaired findings, and those that remain."""

    report: Report
    repaired: Sequence[Finding]
    unrepaired: Sequence[Unrepaired]

    @property
    def remaining(self) -> int:
        """Return the number of differences that remain."""
        return sum(unrepaired.finding.count for unrepaired in self.unrepaired)


async def reconcile(
    services: Services, project_ids: Sequence[int] | None = None, *, show_progress: bool = False
) -> Outcome:
    """Verify all projects, or the given ones, and repair each difference that can be repaired.

    Safe to repeat, to run twice at the same time, and to interrupt. Raises the same errors as verify.
    """
    report = await verify(services, project_ids, show_progress=show_progress)
    for project_id, findings in _by_project(report.findings):
        await repair_project(services, project_id, list(findings))
    left = await recheck(services, report.findings)
    remaining = {(f.project_id, f.kind) for f in left}
    return Outcome(
        report,
        [finding for finding in report.findings if (finding.project_id, finding.kind) not in remaining],
        [unrepaired for _, findings in _by_project(left) for unrepaired in _unrepaired(list(findings))],
    )


def _unrepaired(findings: Sequence[Finding]) -> list[Unrepaired]:
    """Return the remaining findings of one project, each with its reason."""
    busy = "the project received votes during every attempt; run it again"
    return [Unrepaired(finding, unrepairable_reason(finding, findings) or busy) for finding in findings]


def _by_project(findings: Sequence[Finding]) -> Iterator[tuple[int, Iterator[Finding]]]:
    return groupby(findings, key=lambda finding: finding.project_id)
