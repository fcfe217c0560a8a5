"""The group `upvote projects import`."""

import asyncio
import sys
from pathlib import Path

import click

from app.settings import load_settings


@click.group()
def projects() -> None:
    """Manage projects."""


@projects.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--author", default="", metavar="NAME", help="Who owns the projects that name nobody.")
def import_file(file: Path, author: str) -> None:
    """Make the projects of a CSV FILE, all or none: title, url, description, authors, track, key.

    The first of the authors, who are usernames, owns the project; the others are its team. The same
    file again makes nothing twice. Columns of counts are left out: each vote belongs to an account.
    """
    from app.projects.imports.import_projects import BadFile, decode, import_projects

    try:
        text = decode(file.read_bytes())
        imported = asyncio.run(import_projects(load_settings(), text, author))
    except BadFile as error:
        click.echo("\n".join([*error.lines, "upvote: nothing was imported"]), err=True)
        sys.exit(1)
    click.echo(f"Imported {imported.made:,} projects; {imported.existing:,} were there before.")
    if imported.keyed:
        click.echo(f"Gave keys to {imported.keyed:,} of those that were there before.")
    if imported.left_out:
        names = ", ".join(imported.left_out)
        click.echo(f"Left out: {names}. Votes cannot be imported, since each belongs to an account.")
