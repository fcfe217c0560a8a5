"""`upvote migrate`."""

import click

from app.settings import load_settings


@click.command()
def migrate() -> None:
    """Bring the schema of the database up to date. Safe to repeat."""
    from app.storage.migrate import migrate as run

    run(load_settings())
    click.echo("The schema is up to date.")
