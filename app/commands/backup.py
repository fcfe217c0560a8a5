"""`upvote backup`."""

import asyncio
from pathlib import Path

import click

from app.settings import load_settings


@click.command()
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
def backup(directory: Path) -> None:
    """Write the whole board into a new DIRECTORY, while it runs or not."""
    from app.launcher.embedded_servers import servers_up
    from app.operations.backup.backup import backup as run

    settings = load_settings()
    with servers_up(settings, beside_serve=True):
        description = asyncio.run(run(settings, directory, bar=True))
    click.echo(
        f"{sum(description.rows.values())} rows of {len(description.rows)} tables in {directory}"
    )
