"""What `upvote verify` and `upvote reconcile` print, and their exit codes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import click

from app.errors import OperatorError, VotesUnavailable
from app.logs import configure_logs
from app.operations.repair.reconcile import reconcile
from app.operations.repair.record import record_drift
from app.operations.verify.findings import Report, differences
from app.operations.verify.verify import QUERY_SECONDS, verify
from app.services import Services, open_services
from app.settings import Settings
from app.voting.persist import ForeignRedis


async def print_verify(settings: Settings) -> int:
    """Changes nothing. Returns 0 when all agree, else 1."""
    async with _services(settings) as services:
        report = await verify(services, bar=True)
    _print(report)
    return 1 if report.findings else 0


async def print_reconcile(settings: Settings) -> int:
    """Mends what can be repaired. Returns 0 when nothing remains, else 1."""
    configure_logs(settings)
    async with _services(settings) as services:
        outcome = await reconcile(services, bar=True)
        await record_drift(services.redis, outcome)
    _print(outcome.report)
    for finding in outcome.repaired:
        click.echo(f"repaired: {finding}")
    for unrepaired in outcome.unrepaired:
        click.echo(f"remains: {unrepaired}")
    if outcome.report.findings:
        remaining = outcome.remaining
        click.echo(f"{differences(remaining)} remaining" if remaining else "all repaired")
    return 1 if outcome.unrepaired else 0


@asynccontextmanager
async def _services(settings: Settings) -> AsyncIterator[Services]:
    try:
        async with open_services(settings, query_seconds=QUERY_SECONDS, notes_shards=False) as services:
            yield services
    except (VotesUnavailable, ForeignRedis) as error:
        raise OperatorError(f"the board cannot be compared now ({error}): run upvote doctor") from error


def _print(report: Report) -> None:
    if report.beginning:
        click.echo(f"note: {report.beginning}")
    for window in report.windows:
        click.echo(f"note: {window}")
    for note in report.notes:
        click.echo(f"note: {note}")
    for finding in report.findings:
        click.echo(f"differs: {finding}")
    click.echo(str(report))
