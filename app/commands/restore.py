"""`upvote restore`."""

import asyncio
from pathlib import Path

import click

from app.settings import load_settings


@click.command()
@click.argument("directory", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--replace", is_flag=True, help="Overwrite an existing board.")
def restore(directory: Path, replace: bool) -> None:
    """Restore the board from the backup in DIRECTORY. Stop web and worker first."""
    from app.launcher.embedded_servers import servers_up
    from app.launcher.secret_key import adopt_secret_key
    from app.operations.backup.files import SECRET_KEY, read_secret_key
    from app.operations.backup.restore import restore as run

    with servers_up(load_settings(), beside_serve=False) as settings:
        description = asyncio.run(run(settings, directory, replace, show_progress=True))
    click.echo(f"Restored the board as it was at {description.made_at}.")
    key = read_secret_key(directory)
    if advice := adopt_secret_key(settings, key, directory / SECRET_KEY):
        click.echo(advice)
