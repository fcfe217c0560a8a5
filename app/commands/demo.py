"""`upvote demo`."""

import asyncio

import click

from app.settings import load_settings


@click.command()
@click.option("--projects", type=click.IntRange(1), help="[default: 84, or 1 for 1,000 votes]")
@click.option("--users", type=click.IntRange(2), help="[default: 240, or 1 for 100 votes]")
@click.option("--votes", default=6_000, show_default=True, type=click.IntRange(1))
@click.option("--if-empty", is_flag=True, hidden=True, help="Only into an empty database.")
def demo(projects: int | None, users: int | None, votes: int, if_empty: bool) -> None:
    """Add demo content: projects, users and votes. More than 100,000 votes are not cast one by one,
    but written straight to PostgreSQL."""
    from app.demo import load, load_if_empty

    settings = load_settings()
    asyncio.run(load_if_empty(settings) if if_empty else load(settings, projects, users, votes))
