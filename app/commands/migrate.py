"""`upvote migrate`."""

import click

from app.settings import load_settings


@click.command()
def migrate() -> None:
    """Bring the database's schema up to date; may be repeated."""
    from app.storage.migrate import migrate as run

    run(load_settings())
    click.echo("The schema is up to date.")
