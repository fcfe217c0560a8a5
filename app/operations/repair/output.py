"""The output and exit code of `upvote reconcile --repair`."""

import click

from app.logs import configure_logs
from app.operations.repair.reconcile import reconcile
from app.operations.repair.record import record_outcome
from app.operations.verify.findings import differences_text
from app.operations.verify.output import print_report, verify_services
from app.settings import Settings


async def print_reconcile(settings: Settings) -> int:
    """Verify the board and repair what can be repaired; return 0 if no difference remains, else 1."""
    configure_logs(settings.log_format, settings.log_level)
    async with verify_services(settings) as services:
        outcome = await reconcile(services, show_progress=True)
        await record_outcome(services.redis, outcome)
    print_report(outcome.report)
    for finding in outcome.repaired:
        click.echo(f"repaired: {finding}")
    for unrepaired in outcome.unrepaired:
        click.echo(f"remains: {unrepaired}")
    if outcome.report.findings:
        remaining = outcome.remaining
        click.echo(f"{differences_text(remaining)} remaining" if remaining else "all repaired")
    return 1 if outcome.unrepaired else 0
