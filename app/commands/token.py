"""The group `upvote token create`."""

import asyncio

import click

from app.settings import load_settings


@click.group()
def token() -> None:
    """Manage API tokens."""


@token.command()
@click.argument("name")
def create(name: str) -> None:
    """Print a new API token for the account NAME, once: only its hash is kept."""
    from app.accounts.commands import create_token

    click.echo(asyncio.run(create_token(load_settings(), name)))
