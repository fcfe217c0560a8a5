"""The group `upvote user create`."""

import asyncio

import click

from app.settings import load_settings


@click.group()
def user() -> None:
    """Manage accounts."""


@user.command()
@click.argument("name")
@click.option("--admin", is_flag=True, help="Make the account an admin.")
@click.password_option(
    envvar="UPVOTE_PASSWORD", help="Visible in the process list; prefer UPVOTE_PASSWORD or the prompt."
)
def create(name: str, admin: bool, password: str) -> None:
    """Create the account NAME. The password comes from UPVOTE_PASSWORD or a prompt."""
    from app.accounts.commands import create_user

    asyncio.run(create_user(load_settings(), name, password, admin))
    click.echo(f"Created the account {name}{' (admin)' if admin else ''}.")
