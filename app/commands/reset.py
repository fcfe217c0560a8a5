"""The group `upvote reset votes`: takes out what a rehearsal left."""

import asyncio

import click

from app.settings import load_settings


@click.group()
def reset() -> None:
    """Take out what a rehearsal left."""


@reset.command()
@click.option("--yes", "name", required=True, metavar="NAME-OF-BOARD", help="The name of the board.")
def votes(name: str) -> None:
    """Take all votes out of all tallies. The event log is kept. Close voting first."""
    from app.moderation.reset_votes import reset_votes

    count = asyncio.run(reset_votes(load_settings(), name))
    click.echo(f"Took {count:,} votes out of all tallies. The event log has each of them.")
