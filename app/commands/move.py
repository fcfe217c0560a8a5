"""`upvote move`."""

import asyncio

import click

from app.settings import Settings, SettingsError, load_settings

ADVICE = """\
{moved.rows} rows are in the new PostgreSQL, {moved.cached} projects are cached in the new Redis;
{moved.report}.

Now set, for web and worker alike:
  DATABASE_URL and REDIS_URL   the URLs that you gave to this command
  SECRET_KEY                   {secret}, or everyone has to sign in again
then run upvote doctor, and start. The old servers still hold the board as of now: do not start it
there again, and delete it when the new one has run for a while."""


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
    """Bring the whole board to other, empty servers. Web and worker have to be stopped."""
    from app.launcher.embedded_servers import servers_up
    from app.operations.backup.move import move as run

    source = load_settings()
    target = _load_target(source, database_url, redis_url)
    with servers_up(source, beside_serve=False):
        moved = asyncio.run(run(source, target, bar=True))
    click.echo(ADVICE.format(moved=moved, secret=_where_the_secret_is(source)))


def _load_target(source: Settings, database_url: str, redis_url: str) -> Settings:
    new = {"database_url": database_url, "redis_url": redis_url, "redis_queue_url": redis_url}
    try:
        return load_settings(**new, secret_key=source.secret_key)
    except SettingsError as error:
        raise SettingsError(f"the new {error}") from None


def _where_the_secret_is(source: Settings) -> str:
    path = source.data_dir / "secret_key"
    ours = path.exists() and path.read_text().strip() == source.secret_key
    return f"what {path} holds" if ours else "as it is"
