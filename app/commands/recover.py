"""`upvote recover`."""

import asyncio

import click

from app.settings import load_settings


@click.command("recover")
@click.option("--from", "redis_url", metavar="URL", help="Begin with what waits in this other Redis.")
@click.option("--foreign", is_flag=True, help="Take in events of unknown epochs too.")
@click.option("--dismiss", is_flag=True, help="Finish with those without taking them in.")
def recover(redis_url: str | None, foreign: bool, dismiss: bool) -> None:
    """Take in the votes that were set aside: those of another Redis that was in use."""
    from app.operations.recover import recover as run

    click.echo(asyncio.run(run(load_settings(), redis_url, foreign=foreign, dismiss=dismiss)))
