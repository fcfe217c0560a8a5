"""Invitations on the command line: `upvote invite create`, `list` and `revoke`."""

import asyncio
import json

import click

from app.settings import Settings, load_settings


@click.group()
def invite() -> None:
    """Manage invitations: links with which people make accounts."""


@invite.command()
@click.option("--uses", default="1", show_default=True, help="How many accounts it may make.")
@click.option("--until", default="", metavar="TIME", help="When it ends, in the board's time zone.")
@click.option("--label", default="", help="Whom it is for; they see it.")
@click.option("--admin", is_flag=True, help="Its accounts are admins.")
def create(uses: str, until: str, label: str, admin: bool) -> None:
    """Print a link with which people can make an account."""
    from app.accounts.invitations import commands

    settings = load_settings()
    link = asyncio.run(commands.create(settings, label, uses, until, makes_admins=admin))
    _advise(settings)
    click.echo(link)


@invite.command("list")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def list_invitations(as_json: bool) -> None:
    """List the invitations, the newest first."""
    from app.accounts.invitations import commands

    settings = load_settings()
    found = asyncio.run(commands.list_invitations(settings))
    if as_json:
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
        return
    for each in found:
        notes = [each["state"], "for admins" if each["admin"] else "", each["label"]]
        until = f"until {each['until']}" if each["until"] else ""
        words = ", ".join(filter(None, [*notes, until]))
        click.echo(f"{each['link']}  {each['used']:,} of {each['uses']:,} used  ({words})")
    if found:
        _advise(settings)
    else:
        click.echo("There are no invitations. Make one: upvote invite create")


@invite.command()
@click.argument("code")
def revoke(code: str) -> None:
    """Let nobody join any more with the invitation CODE, its code or link."""
    from app.accounts.invitations import commands

    done = asyncio.run(commands.revoke(load_settings(), code))
    click.echo(
        "Revoked the invitation. Accounts that were made with it stay."
        if done
        else "Nothing changed: this invitation was revoked before."
    )


def _advise(settings: Settings) -> None:
    if settings.base_url is None:
        advice = f"If the board has another address than {settings.address}, put that in its place."
        click.echo(f"BASE_URL is not set. {advice}", err=True)
