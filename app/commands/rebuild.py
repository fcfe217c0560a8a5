"""`upvote rebuild`."""

import asyncio

import click

from app.settings import load_settings


@click.command()
@click.option(
    "--most", type=click.IntRange(1), help="Load only this number of projects, those last voted on."
)
def rebuild(most: int | None) -> None:
    """Load all projects' votes from PostgreSQL into Redis. Then no vote has to wait for that."""
    click.echo(asyncio.run(_rebuild(most)))


async def _rebuild(most: int | None) -> str:
    from app.errors import OperatorError, VotesUnavailable
    from app.operations.verify.verify import QUERY_SECONDS
    from app.operations.warm_up import rebuild
    from app.services import open_services

    try:
        async with open_services(load_settings(), query_seconds=QUERY_SECONDS) as services:
            return str(await rebuild(services, most, show_progress=True))
    except VotesUnavailable as error:
        raise OperatorError(f"the cache cannot be filled now ({error}): run upvote doctor") from error
