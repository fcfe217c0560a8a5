"""`upvote serve`."""

import click

from app.settings import load_settings


@click.command()
@click.option("--demo", is_flag=True, help="Load demo content into an empty database.")
def serve(demo: bool) -> None:
    """Run everything: web, worker and, where no URL is set, embedded servers."""
    from app.launcher.serve import serve as run

    run(load_settings(), demo)
