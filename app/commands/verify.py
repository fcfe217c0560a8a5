"""`upvote verify`."""

import asyncio
import sys

import click

from app.settings import load_settings


@click.command()
def verify() -> None:
    """Verify that events, votes, tallies and Redis agree. Exit with 1 if they do not."""
    from app.operations.verify.output import print_verify

    sys.exit(asyncio.run(print_verify(load_settings())))
