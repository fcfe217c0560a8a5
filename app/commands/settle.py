"""`upvote settle`."""

import asyncio

import click

from app.settings import load_settings


@click.command()
def settle() -> None:
    """Bring all votes from Redis to PostgreSQL and empty it: before VOTE_SHARDS or Redis changes."""
    from app.backup.settle import settle as run
    from app.supervise.servers import servers_up

    settings = load_settings()
    with servers_up(settings, beside_serve=False):
        asyncio.run(run(settings))
    click.echo(
        "Everything is in PostgreSQL, and Redis holds no votes. Change what you like, and start."
    )
