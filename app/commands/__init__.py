"""The command `upvote`. Each subcommand has its own module, which is imported only when it is used."""

import asyncio
import importlib
import sys

import click

from app import __version__
from app.commands.errors import one_line
from app.commands.signals import interrupt_on_signals
from app.logs import quieten_logs
from app.priority import give_way

# Subcommand: module and function, in the order of `upvote --help`.
COMMANDS = {
    "serve": "app.commands.serve:serve",
    "web": "app.commands.web:web",
    "worker": "workers.command:worker",
    "migrate": "app.commands.migrate:migrate",
    "doctor": "app.commands.doctor:doctor",
    "verify": "app.commands.verify:verify",
    "reconcile": "app.commands.reconcile:reconcile",
    "recover": "app.commands.recover:recover",
    "rebuild": "app.commands.rebuild:rebuild",
    "backup": "app.commands.backup:backup",
    "restore": "app.commands.restore:restore",
    "move": "app.commands.move:move",
    "settle": "app.commands.settle:settle",
    "board": "app.commands.board:board",
    "track": "app.commands.track:track",
    "user": "app.commands.user:user",
    "invite": "app.commands.invite:invite",
    "token": "app.commands.token:token",
    "webhook": "app.commands.webhook:webhook",
    "projects": "app.commands.projects:projects",
    "reset": "app.commands.reset:reset",
    "demo": "app.commands.demo:demo",
}


# These serve people, and their children inherit their priority.
SERVING = ("serve", "web", "worker")


class LazyGroup(click.Group):
    """A group that imports a subcommand when it is used, so that `upvote web` loads no others."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return all names, in the order of COMMANDS."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the subcommand of this name, or None."""
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name].split(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="upvote")
def cli() -> None:
    """A self-hosted voting board. Settings come from the environment and .env."""


def main() -> None:
    """Run the command.

    An error that an operator can fix is printed as one line on stderr; the exit code is 1.
    """
    quieten_logs()
    if not set(SERVING).intersection(sys.argv[1:2]):
        give_way()
        interrupt_on_signals()
    try:
        cli()
    except asyncio.CancelledError:  # by a signal: see app/commands/signals.py
        print("Aborted!", file=sys.stderr)
        sys.exit(1)
    except Exception as error:
        line = one_line(error)
        if line is None:
            raise
        print(f"upvote: {line}", file=sys.stderr)
        sys.exit(1)
