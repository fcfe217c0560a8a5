"""`upvote restore`."""

import asyncio
from pathlib import Path

import click

from app.settings import load_settings


@click.command()
@click.argument("directory", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--replace", is_flag=True, help="Overwrite the board that is there.")
def restore(directory: Path, replace: bool) -> None:
    """Fill the database from a backup in DIRECTORY. Web and worker have to be stopped."""
    from app.launcher.embedded_servers import servers_up
    from app.operations.backup.restore import restore as run
    from app.operations.backup.secret_key import keep_secret_key

    settings = load_settings()
    with servers_up(settings, beside_serve=False):
        description = asyncio.run(run(settings, directory, replace, bar=True))
    click.echo(f"Restored the board as of {description.made_at}.")
    if advice := keep_secret_key(settings, directory):
        click.echo(advice)
