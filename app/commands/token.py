"""The group `upvote token create`."""

import asyncio

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
