"""Accounts on the command line: `upvote user create`, `list`, `suspend` and the others."""

import asyncio
import json
import os
import sys
from contextlib import aclosing, nullcontext
from functools import partial
from pathlib import Path
from typing import TextIO

import click

from app.errors import OperatorError
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
    from app.moderation.new_user import create_user

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


@user.command("list")
@click.option("--json", "as_json", is_flag=True, help="As JSON, one array, with times in UTC.")
def list_users(as_json: bool) -> None:
    """List all accounts in the order of their registration, without deleted ones."""
    asyncio.run(_print_users(as_json))


async def _print_users(as_json: bool) -> None:
    from app.moderation.user_commands import list_users

    before = "[\n"
    async for person in list_users(load_settings()):
        if as_json:
            found = {
                "id": person.id,
                "username": person.username,
                "display_name": person.display_name,
                "admin": person.is_admin,
                "suspended_at": person.suspended_at and person.suspended_at.isoformat(),
                "created_at": person.created_at.isoformat(),
                "invitation": person.invitation,
                "from_other_site": person.from_site,
                "votes": person.votes,
            }
            click.echo(before + json.dumps(found, ensure_ascii=False), nl=False)
        else:
            marks = [
                m
                for m, is_so in (
                    ("admin", person.is_admin),
                    ("suspended", person.suspended_at),
                    ("from the other site", person.from_site),
                )
                if is_so
            ]
            facts = [f"{person.created_at:%Y-%m-%d %H:%M}", _votes(person.votes), *marks]
            click.echo(f"{person.username}  {', '.join(facts)}")
        before = ",\n"
    if as_json:
        click.echo("[]" if before == "[\n" else "\n]")


@user.command()
@click.argument("name")
@click.option("--remove", is_flag=True, help="NAME is no admin any more.")
def admin(name: str, remove: bool) -> None:
    """Make NAME an admin. Running processes know it within seconds."""
    from app.moderation.user_commands import set_admin

    done = asyncio.run(set_admin(load_settings(), name, is_admin=not remove))
    state = "no admin any more" if remove else "an admin now"
    before = "no admin" if remove else "an admin already"
    click.echo(f"{name} is {state}." if done else f"Nothing changed: {name} is {before}.")


@user.command()
@click.argument("name")
@click.option("--reason", default="", help="For the moderation log; NAME reads it too.")
def suspend(name: str, reason: str) -> None:
    """Suspend NAME: all sessions end, and neither sign-in nor tokens work. Votes still count."""
    from app.moderation.user_commands import suspend_user

    done = asyncio.run(suspend_user(load_settings(), name, reason))
    click.echo(f"{name} is suspended." if done else f"Nothing changed: {name} was suspended before.")


@user.command()
@click.argument("name")
@click.option("--reason", default="", help="For the moderation log; NAME reads it too.")
def restore(name: str, reason: str) -> None:
    """End the suspension of NAME. Votes that were taken out stay out."""
    from app.moderation.user_commands import restore_user

    done = asyncio.run(restore_user(load_settings(), name, reason))
    click.echo(f"{name} can sign in again." if done else f"Nothing changed: {name} is not suspended.")


@user.command()
@click.argument("name")
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
def export(name: str, file: Path | None) -> None:
    """Print all that the board stores about NAME, as JSON, or write it to a new FILE."""
    asyncio.run(_export(name, file))
    if file is not None:
        click.echo(f"Wrote the data of {name} to {file}.")


async def _export(name: str, file: Path | None) -> None:
    from app.moderation.user_commands import export_user

    async with aclosing(export_user(load_settings(), name)) as pieces:
        first = await anext(pieces)  # no file is made for an account that does not exist
        with _new_file(file) if file is not None else nullcontext() as target:
            write = target.write if target is not None else partial(click.echo, nl=False)
            write(first.decode())
            async for piece in pieces:
                write(piece.decode())


def _new_file(path: Path) -> TextIO:
    """Open a new file that only its user can read."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise OperatorError(f"{path} exists already. Give another name, or remove it") from None
    return os.fdopen(descriptor, "w", encoding="utf-8")


@user.command()
@click.argument("name")
@click.option("--projects", is_flag=True, help="Delete the projects of NAME too, unless locked.")
@click.option("--yes", is_flag=True, help="Do not ask, at a terminal either.")
def delete(name: str, projects: bool, yes: bool) -> None:
    """Delete the account NAME for good, as its owner can. At a terminal this asks first."""
    from app.moderation.user_commands import check_user, delete_user

    settings = load_settings()
    if not yes and sys.stdin is not None and sys.stdin.isatty():
        asyncio.run(check_user(settings, name))
        click.confirm(f"Delete the account {name}? This cannot be undone", abort=True)
    gone = asyncio.run(delete_user(settings, name, delete_projects=projects))
    votes = (
        "Its votes are being taken out of the tallies."
        if gone
        else "Its votes still count: voting has ended."
    )
    click.echo(f"Deleted the account {name}. {votes}")


def _votes(count: int) -> str:
    return "1 vote" if count == 1 else f"{count:,} votes"
