"""Webhooks on the command line: `upvote webhook add`, `list` and `remove`."""

import asyncio
import json

import click

from app.settings import load_settings


@click.group()
def webhook() -> None:
    """Manage webhooks: addresses of other sites that are told what happens on the board."""


@webhook.command()
@click.argument("url")
@click.option("--events", default="", metavar="A,B", help="Which events; without it all of them.")
def add(url: str, events: str) -> None:
    """Add a webhook and print the secret that it signs with, which is never shown again."""
    from app.webhooks.manage import commands

    added = asyncio.run(commands.add(load_settings(), url, events))
    if added.warning:
        click.echo(f"For now, {added.warning}. Events wait for a day.", err=True)
    click.echo(f"Added the webhook {added.id}. Give its receiver this secret:", err=True)
    click.echo(added.secret)


@webhook.command("list")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def list_webhooks(as_json: bool) -> None:
    """List the webhooks and how they are doing."""
    from app.launcher.embedded_servers import servers_up
    from app.webhooks import TYPES
    from app.webhooks.manage import commands

    # A copy of a board is asked before it starts, since it would send events to the same receivers.
    with servers_up(load_settings(), beside_serve=True) as settings:
        found = asyncio.run(commands.list_webhooks(settings))
    if as_json:
        click.echo(json.dumps([commands.as_json(each) for each in found], indent=2))
        return
    for each in found:
        events = "all events" if len(each.events) == len(TYPES) else ", ".join(each.events)
        click.echo(f"{each.id}  {each.url}  {events}  ({each.words})")
    if not found:
        click.echo("There are no webhooks. Add one: upvote webhook add URL")


@webhook.command()
@click.argument("number", metavar="ID")
def remove(number: str) -> None:
    """Remove the webhook with the number ID, and what waits for it."""
    from app.launcher.embedded_servers import servers_up
    from app.webhooks.manage import commands

    with servers_up(load_settings(), beside_serve=True) as settings:
        asyncio.run(commands.remove(settings, number))
    click.echo(f"Removed the webhook {number}.")
