"""`upvote token`."""

import asyncio

import click

from app.settings import load_settings


@click.group()
def token() -> None:
    """Tokens for the API."""


@token.command()
@click.argument("name")
def create(name: str) -> None:
    """Print a new token for the account NAME, once: only its hash is kept."""
    from app.accounts.commands import create_token

    click.echo(asyncio.run(create_token(load_settings(), name)))
