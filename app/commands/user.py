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


@user.command()
@click.argument("name")
def link(name: str) -> None:
    """Print a link with which NAME can set a new password, once, within a day."""
    from app.moderation.password_commands import link_user

    settings = load_settings()
    address = asyncio.run(link_user(settings, name))
    if settings.base_url is None:
        advice = f"If the board has another address than {settings.address}, put that in its place."
        click.echo(f"BASE_URL is not set. {advice}", err=True)
    click.echo(address)


@user.command()
@click.argument("name")
@click.password_option(
    envvar="UPVOTE_PASSWORD", help="Visible in the process list; prefer UPVOTE_PASSWORD or the prompt."
)
def password(name: str, password: str) -> None:
    """Set the password of NAME, from UPVOTE_PASSWORD or a prompt, and end all sessions of NAME."""
    from app.moderation.password_commands import set_user_password

    asyncio.run(set_user_password(load_settings(), name, password))
    click.echo(f"Set the password of {name}. All sessions of {name} have ended.")
