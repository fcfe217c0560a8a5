"""`upvote migrate`."""

import click

from app.settings import load_settings


@click.command()
def migrate() -> None:
    """Bring the schema of the database up to date. Safe to repeat."""
    from app.storage.migrate import migrate as run

    match run(load_settings()):
        case 0:
            click.echo("The schema is up to date.")
        case 1:
            click.echo("Applied 1 migration.")
        case count:
            click.echo(f"Applied {count} migrations.")
