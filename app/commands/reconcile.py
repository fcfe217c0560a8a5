"""`upvote reconcile`."""

import asyncio
import sys

import click

from app.settings import load_settings


@click.command()
@click.option("--repair", is_flag=True, help="Repair what can be repaired.")
def reconcile(repair: bool) -> None:
    """Find differences, and with --repair repair them. Exit with 1 if any remain."""
    from app.operations.repair.output import print_reconcile
    from app.operations.verify.output import print_verify

    settings = load_settings()
    sys.exit(asyncio.run(print_reconcile(settings) if repair else print_verify(settings)))
