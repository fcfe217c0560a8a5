"""`upvote doctor`."""

import asyncio
import sys

import click

from app.settings import load_settings


@click.command()
def doctor() -> None:
    """Check servers, settings and worker, with advice. Exit with 1 if a check fails."""
    from app.operations.doctor.run_checks import run_checks

    checks = asyncio.run(run_checks(load_settings()))
    for check in checks:
        click.echo(str(check))
    sys.exit(0 if all(check.passed for check in checks) else 1)
