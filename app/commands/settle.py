"""`upvote settle`."""

import asyncio

import click

from app.settings import load_settings


@click.command()
def settle() -> None:
    """Bring all votes from Redis to PostgreSQL and empty it: before VOTE_SHARDS or Redis changes."""
    from app.launcher.embedded_servers import servers_up
    from app.operations.backup.settle import settle as run

    settings = load_settings()
    with servers_up(settings, beside_serve=False):
        asyncio.run(run(settings))
    click.echo(
        "Everything is in PostgreSQL, and Redis holds no votes. Change what you like, and start."
    )
