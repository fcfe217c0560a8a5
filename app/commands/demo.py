"""`upvote demo`."""

import asyncio

import click

from app.settings import load_settings


@click.command()
@click.option("--projects", type=click.IntRange(1), help="[default: 84, or 1 for 1,000 votes]")
@click.option("--users", type=click.IntRange(2), help="[default: 240, or 1 for 100 votes]")
@click.option("--votes", default=6_000, show_default=True, type=click.IntRange(1))
@click.option("--event", is_flag=True, help="A hackathon in mid-event instead, on a board of its own.")
@click.option("--if-empty", is_flag=True, hidden=True, help="Only into an empty database.")
def demo(projects: int | None, users: int | None, votes: int, event: bool, if_empty: bool) -> None:
    """Add demo content: projects, users and votes. More than 100,000 votes are not cast one by one,
    but written straight to PostgreSQL.

    With --event the board becomes a hackathon whose voting ends in two hours: tracks, teams, 25
    projects, 200 accounts, secret tallies. It is refused on a board with other content or people.
    """
    from app.demo import load, load_if_empty
    from app.demo.event import load_event

    settings = load_settings()
    if event:
        click.echo(asyncio.run(load_event(settings)))
        return
    asyncio.run(load_if_empty(settings) if if_empty else load(settings, projects, users, votes))
