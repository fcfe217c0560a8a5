"""`upvote demo`."""

import asyncio

import click

from app.settings import load_settings


@click.command()
@click.option("--projects", default=84, show_default=True, type=click.IntRange(1))
@click.option("--users", default=240, show_default=True, type=click.IntRange(2))
@click.option("--votes", default=6_000, show_default=True, type=click.IntRange(1))
@click.option("--if-empty", is_flag=True, hidden=True, help="What upvote serve --demo asks for.")
def demo(projects: int, users: int, votes: int, if_empty: bool) -> None:
    """Add content to look at and to measure on."""
    from app.demo import load, load_if_empty

    settings = load_settings()
    asyncio.run(load_if_empty(settings) if if_empty else load(settings, projects, users, votes))
