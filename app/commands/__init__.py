"""The command `upvote`. Each command has a module of its own, imported when it is asked for."""

import importlib
import sys

import click

from app import __version__
from app.commands.errors import one_line
from app.logs import quieten_logs

# command: where it is; `upvote --help` lists them in this order
COMMANDS = {
    "serve": "app.commands.serve:serve",
    "web": "app.commands.web:web",
    "worker": "app.commands.worker:worker",
    "migrate": "app.commands.migrate:migrate",
    "doctor": "app.commands.doctor:doctor",
    "verify": "app.commands.verify:verify",
    "reconcile": "app.commands.reconcile:reconcile",
    "rebuild": "app.commands.rebuild:rebuild",
    "backup": "app.commands.backup:backup",
    "restore": "app.commands.restore:restore",
    "move": "app.commands.move:move",
    "settle": "app.commands.settle:settle",
    "user": "app.commands.user:user",
    "token": "app.commands.token:token",
    "demo": "app.commands.demo:demo",
}


class LazyGroup(click.Group):
    """A group that imports a command when it is used: `upvote web` loads nothing of the others."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in our order."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name, or None."""
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
    """Entry point: trouble that an operator can mend becomes one line on stderr and exit code 1."""
    quieten_logs()
    try:
        cli()
    except Exception as error:
        line = one_line(error)
        if line is None:
            raise
        print(f"upvote: {line}", file=sys.stderr)
        sys.exit(1)
