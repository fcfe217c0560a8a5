"""`upvote demo`."""

import asyncio

import click

from app.settings import load_settings


@click.command()
@click.option("--projects", default=84, show_default=True, type=click.IntRange(1))
@click.option("--users", default=240, show_default=True, type=click.IntRange(1))
@click.option("--votes", default=6_000, show_default=True, type=click.IntRange(0))
def demo(projects: int, users: int, votes: int) -> None:
    """Add content to look at and to measure on."""
    from app.demo import load

    asyncio.run(load(load_settings(), projects, users, votes))
