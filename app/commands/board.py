"""The group `upvote board show`, `set` and `reveal`: what an organiser changes while the board runs."""

import asyncio
import json

import click

from app.settings import load_settings


@click.group()
def board() -> None:
    """Show or change the board's settings: its name, times, secrecy and budget."""


@board.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON, with times in UTC.")
def show(as_json: bool) -> None:
    """Show all settings."""
    from app.board import commands, show

    found = asyncio.run(commands.read_board(load_settings()))
    if as_json:
        click.echo(json.dumps(show.as_json(found), indent=2, ensure_ascii=False))
        return
    for key, value in show.show_all(found).items():
        click.echo(f"{key}={value}")


@board.command("set")
@click.argument("values", metavar="KEY=VALUE ...", nargs=-1, required=True)
def set_values(values: tuple[str, ...]) -> None:
    """Change settings, all of them or none. An empty VALUE restores the default.

    Times are in the board's time zone unless they have an offset: vote_until="2026-12-01 18:00",
    vote_until=now.
    """
    from app.board import commands

    changed = asyncio.run(commands.set_values(load_settings(), values))
    for line in changed or ["Nothing changed: these were the values already."]:
        click.echo(line)


@board.command()
def reveal() -> None:
    """Let everybody see the tallies (tallies=after_reveal)."""
    from app.board import commands

    asyncio.run(commands.reveal(load_settings()))
    click.echo("Everybody can see the tallies now.")
