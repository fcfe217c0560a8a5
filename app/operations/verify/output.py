"""The output and exit code of `upvote verify`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import click

from app.errors import OperatorError, VotesUnavailable
from app.operations.verify.findings import Report
from app.operations.verify.verify import QUERY_SECONDS, verify
from app.services import Services, open_services
from app.settings import Settings
from app.voting.persist import ForeignRedis


async def print_verify(settings: Settings) -> int:
    """Verify the board and change nothing; return 0 if everything agrees, else 1."""
    async with verify_services(settings) as services:
        report = await verify(services, show_progress=True, change_nothing=True)
    print_report(report)
    return 1 if report.findings else 0


@asynccontextmanager
async def verify_services(settings: Settings) -> AsyncIterator[Services]:
    """Open services for a command that compares the board. Raises OperatorError if it cannot now."""
    try:
        async with open_services(
            settings, query_seconds=QUERY_SECONDS, record_shards=False
        ) as services:
            yield services
    except (VotesUnavailable, ForeignRedis) as error:
        raise OperatorError(
            f"the board cannot be verified right now ({error}): run upvote doctor"
        ) from error


def print_report(report: Report) -> None:
    """Print notes, differences and the summary."""
    if report.dropped:
        click.echo(f"note: {report.dropped}")
    for window in report.windows:
        click.echo(f"note: {window}")
    for shard, reason in report.uncompared.items():
        found = f"shard {shard}: Redis was found {reason}; with the next vote, a new epoch begins"
        click.echo(f"note: {found}")
    for aside in report.set_aside:
        click.echo(f"note: {aside}")
    for note in report.notes:
        click.echo(f"note: {note}")
    for finding in report.findings:
        click.echo(f"differs: {finding}")
    click.echo(str(report))
