"""API tokens on the command line: `upvote token create`, `list` and `revoke`."""

import asyncio
import json

import click

from app.accounts.tokens import SCOPES
from app.settings import load_settings


@click.group()
def token() -> None:
    """Manage API tokens."""


@token.command()
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    type=click.Choice(SCOPES),
    multiple=True,
    help="What else it may do: make and update projects by key, if NAME is an admin.",
)
def create(name: str, scopes: tuple[str, ...]) -> None:
    """Print a new API token for the account NAME, once: only its hash is kept."""
    from app.accounts.commands import create_token

    click.echo(asyncio.run(create_token(load_settings(), name, scopes)))


@token.command("list")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def list_tokens(name: str, as_json: bool) -> None:
    """List the API tokens of the account NAME, newest first, without the tokens themselves."""
    from app.accounts import commands

    found = asyncio.run(commands.list_tokens(load_settings(), name))
    if as_json:
        click.echo(json.dumps([commands.as_json(each) for each in found], indent=2))
        return
    for each in found:
        scopes = "".join(f", scope {scope}" for scope in each.scopes)
        used = f"last used {each.last_used_at:%Y-%m-%d %H:%M}" if each.last_used_at else "never used"
        click.echo(f"{each.id}  {each.name}{scopes}  (made {each.created_at:%Y-%m-%d}, {used})")
    if not found:
        click.echo(f"{name} has no API tokens. Create one: upvote token create {name}")


@token.command()
@click.argument("name")
@click.argument("number", metavar="ID")
def revoke(name: str, number: str) -> None:
    """Revoke the API token with the number ID of the account NAME. It stops working in seconds."""
    from app.accounts.commands import revoke_token

    asyncio.run(revoke_token(load_settings(), name, number))
    click.echo(f"Revoked the token {number} of {name}.")
