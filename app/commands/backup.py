"""`upvote backup`."""

import asyncio
from pathlib import Path

import click

from app.settings import load_settings


@click.command()
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
def backup(directory: Path) -> None:
    """Save the whole board in a new DIRECTORY. The board may run meanwhile."""
    from app.launcher.embedded_servers import servers_up
    from app.operations.backup.backup import backup as run

    with servers_up(load_settings(), beside_serve=True) as settings:
        description = asyncio.run(run(settings, directory, show_progress=True))
    click.echo(
        f"Saved {sum(description.rows.values())} rows of {len(description.rows)} tables in {directory}."
    )
