"""Migrations can be repeated and run concurrently, and report an error in one line."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from app.errors import OperatorError
from app.settings import Settings, load_settings
from app.storage.migrate import MIGRATIONS, migrate
from tests.servers import RunningServer, start_postgres
from tests.waiting import CEILING, until

SECRET = "a secret of the tests only"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with start_postgres(tmp_path_factory.mktemp("my data")) as running:
        yield running


@pytest.fixture
def fresh(server: RunningServer, request: pytest.FixtureRequest) -> Settings:
    """Return settings for a database that does not exist yet."""
    name = request.node.name[:60]
    return load_settings(
        database_url=server.url.replace("/upvote?", f"/{name}?"),
        redis_url="redis://127.0.0.1:1",
        secret_key=SECRET,
    )


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Return a directory with one migration."""
    add(tmp_path, "0001_create_one.sql", "CREATE TABLE one (id int);")
    return tmp_path


def add(directory: Path, name: str, statement: str) -> None:
    (directory / name).write_text(f"-- migrate:up\n{statement}\n-- migrate:down\n")


async def tables(settings: Settings) -> set[str]:
    connection = await asyncpg.connect(settings.database_url)
    rows = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    await connection.close()
    return {row["tablename"] for row in rows}


async def test_migrate_creates_the_database_and_can_be_repeated(fresh: Settings, directory: Path):
    assert migrate(fresh, directory) == 1
    add(directory, "0002_create_two.sql", "CREATE TABLE two (id int);")
    add(directory, "0003_create_three.sql", "CREATE TABLE three (id int);")
    assert migrate(fresh, directory) == 2
    assert migrate(fresh, directory) == 0
    assert await tables(fresh) == {"one", "two", "three", "schema_migrations"}


SOMEBODY_WAITS = "SELECT EXISTS (SELECT FROM pg_locks WHERE relation = 'one'::regclass AND NOT granted)"

# Waits until three other runs wait for the lock of this one.
WAIT_FOR_THE_OTHERS = """
DO $$ BEGIN
    WHILE (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted) < 3 LOOP
        ASSERT clock_timestamp() < now() + interval '2 min', 'the others are not waiting';
        PERFORM pg_sleep(0.01);
    END LOOP;
END $$;
"""


async def test_four_concurrent_runs_apply_a_migration_once(fresh: Settings, directory: Path):
    add(directory, "0001_create_one.sql", "CREATE TABLE one (id int);" + WAIT_FOR_THE_OTHERS)
    await asyncio.gather(*(asyncio.to_thread(migrate, fresh, directory) for _ in range(4)))
    assert await tables(fresh) == {"one", "schema_migrations"}


async def test_nobody_waits_behind_a_migration_that_waits_for_a_long_reader(
    fresh: Settings, directory: Path
):
    migrate(fresh, directory)
    add(directory, "0002_add_a_column.sql", "ALTER TABLE one ADD COLUMN name text;")
    backup, page = [await asyncpg.connect(fresh.database_url) for _ in range(2)]
    async with backup.transaction():
        await backup.execute("SELECT FROM one")
        migrating = asyncio.create_task(asyncio.to_thread(migrate, fresh, directory))
        await until(lambda: page.fetchval(SOMEBODY_WAITS), "for the migration")
        await page.execute("SELECT FROM one", timeout=CEILING)
        assert not migrating.done()
    assert await migrating == 1
    await page.execute("SELECT name FROM one")
    for connection in (backup, page):
        await connection.close()


def test_the_error_for_a_broken_migration_names_it_in_one_line(fresh: Settings, directory: Path):
    add(directory, "0002_break_all.sql", "CREATE TABEL two (id int);")
    with pytest.raises(OperatorError, match=r"syntax error.*0002_break_all\.sql") as failure:
        migrate(fresh, directory)
    assert "\n" not in str(failure.value)


def test_the_error_for_an_unreachable_server_is_one_line_without_the_password(directory: Path):
    url = "postgresql://somebody:hidden@127.0.0.1:1/board"
    settings = load_settings(database_url=url, redis_url="redis://127.0.0.1:1", secret_key=SECRET)
    with pytest.raises(OperatorError, match="connection refused") as failure:
        migrate(settings, directory)
    assert "hidden" not in str(failure.value)
    assert "\n" not in str(failure.value)


async def test_the_real_migrations_apply_to_an_empty_database(fresh: Settings):
    migrate(fresh)
    assert {"users", "projects", "votes", "vote_events"} <= await tables(fresh)


def test_every_migration_has_a_number_of_its_own():
    """dbmate applies only one of two with the same number."""
    numbers = [path.name.partition("_")[0] for path in MIGRATIONS.glob("*.sql")]
    assert sorted(numbers) == sorted(set(numbers))
