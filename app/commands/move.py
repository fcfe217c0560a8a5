"""`upvote move`."""

import asyncio

import click

from app.data_paths import secret_key_path
from app.settings import Settings, SettingsError, load_settings

ADVICE = """\
{moved.rows} rows are in the new PostgreSQL, {moved.cached} projects are cached in the new Redis;
{moved.report}.

Now set, for both web and worker:
  DATABASE_URL and REDIS_URL   the URLs that you gave to this command
  SECRET_KEY                   {secret}, or everyone has to sign in again
Then start web and worker, and run upvote doctor. The old servers still hold the board as it was: do not
start it there again, and delete it once the new board has run for a while."""


@click.command()
@click.option(
    "--database-url",
    envvar="NEW_DATABASE_URL",
    show_envvar=True,
    required=True,
    help="The new PostgreSQL.",
)
@click.option(
    "--redis-url",
    envvar="NEW_REDIS_URL",
    show_envvar=True,
    required=True,
    help="The new Redis or Valkey.",
)
def move(database_url: str, redis_url: str) -> None:
    """Copy the whole board to other, empty servers. Stop web and worker first."""
    from app.launcher.embedded_servers import servers_up
    from app.operations.backup.move import move as run

    source = load_settings()
    with servers_up(source, beside_serve=False) as source:
        target = _load_target(source, database_url, redis_url)
        moved = asyncio.run(run(source, target, show_progress=True))
    click.echo(ADVICE.format(moved=moved, secret=_secret_key_advice(source)))


def _load_target(source: Settings, database_url: str, redis_url: str) -> Settings:
    new = {"database_url": database_url, "redis_url": redis_url, "redis_queue_url": redis_url}
    try:
        return load_settings(**new, secret_key=source.secret_key)
    except SettingsError as error:
        raise SettingsError(f"the new {error}") from None


def _secret_key_advice(source: Settings) -> str:
    path = secret_key_path(source.data_dir)
    is_stored = path.exists() and path.read_text().strip() == source.secret_key
    return f"the content of {path}" if is_stored else "the same as before"
