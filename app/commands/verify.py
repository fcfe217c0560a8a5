"""`upvote verify`."""

import asyncio
import sys

import click

from app.settings import load_settings


@click.command()
def verify() -> None:
    """Prove that events, votes, tallies and Redis agree; exit code 1 if they do not."""
    from app.operations.verify.output import print_verify

    sys.exit(asyncio.run(print_verify(load_settings())))
