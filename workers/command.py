"""`upvote worker`: the background jobs alone."""

import click

from app.settings import load_settings


@click.command()
def worker() -> None:
    """Persist events, sync tallies and do the other background jobs."""
    from workers.main import run

    run(load_settings())
