"""The group `upvote track add`: also `list` and `remove`."""

import asyncio
import json
from dataclasses import asdict

import click

from app.settings import load_settings


@click.group()
def track() -> None:
    """Manage tracks: groups of projects that are ranked among themselves."""


@track.command()
@click.argument("slug")
@click.argument("name")
def add(slug: str, name: str) -> None:
    """Add a track. SLUG is its short name in addresses, NAME is what people see."""
    from app.board import track_commands as commands

    asyncio.run(commands.add(load_settings(), slug, name))
    click.echo(f"Added the track {slug}.")


@track.command("list")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def list_tracks(as_json: bool) -> None:
    """List the tracks with the number of their projects."""
    from app.board import track_commands as commands

    found = asyncio.run(commands.list_tracks(load_settings()))
    if as_json:
        tracks = [asdict(track) for track in found]
        click.echo(json.dumps(tracks, indent=2, ensure_ascii=False))
        return
    for each in found:
        click.echo(f"{each.slug}  {each.name}  ({each.projects:,} projects)")
    if not found:
        click.echo("There are no tracks. Add one: upvote track add SLUG NAME")


@track.command()
@click.argument("slug")
@click.option("--to", default="", metavar="SLUG", help="Where its projects go; “none”: to no track.")
def remove(slug: str, to: str) -> None:
    """Remove a track. If projects are in it, say where they go."""
    from app.board import track_commands as commands

    moved = asyncio.run(commands.remove(load_settings(), slug, to))
    click.echo(f"Removed the track {slug}." + (f" {moved:,} projects were moved." if moved else ""))
