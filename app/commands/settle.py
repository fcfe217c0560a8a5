"""`upvote settle`."""

import asyncio

import click

from app.settings import load_settings


@click.command()
def settle() -> None:
    """Write all votes to PostgreSQL and remove them from Redis. Stop web and worker first.

    Needed before VOTE_SHARDS is changed or Redis is replaced.
    """
    from app.launcher.embedded_servers import servers_up
    from app.operations.backup.settle import settle as run

    with servers_up(load_settings(), beside_serve=False) as settings:
        asyncio.run(run(settings))
    click.echo(
        "All votes are in PostgreSQL, and Redis holds none. You can now change VOTE_SHARDS or Redis, "
        "and then start web and worker."
    )
