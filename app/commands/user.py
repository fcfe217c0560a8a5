"""`upvote user`."""

import asyncio

import click

from app.settings import load_settings


@click.group()
def user() -> None:
    """Accounts."""


@user.command()
@click.argument("name")
@click.option("--admin", is_flag=True, help="May see the operator's page.")
@click.password_option(envvar="UPVOTE_PASSWORD", help="Better: UPVOTE_PASSWORD, or the prompt.")
def create(name: str, admin: bool, password: str) -> None:
    """Make the account NAME; the password comes from UPVOTE_PASSWORD or a prompt."""
    from app.accounts.commands import create_user

    asyncio.run(create_user(load_settings(), name, password, admin))
    click.echo(f"Made the account {name}{' (admin)' if admin else ''}.")
