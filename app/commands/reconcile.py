"""`upvote reconcile`."""

import asyncio
import sys

import click

from app.settings import load_settings


@click.command()
@click.option("--repair", is_flag=True, help="Mend what can be repaired.")
def reconcile(repair: bool) -> None:
    """Find what does not agree; with --repair mend it. Exit code 1 if something remains."""
    from app.operations.verify.output import print_reconcile, print_verify

    settings = load_settings()
    sys.exit(asyncio.run(print_reconcile(settings) if repair else print_verify(settings)))
