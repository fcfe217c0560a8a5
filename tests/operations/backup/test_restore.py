"""A restore deletes nothing before it knows that the backup is whole and that the database is ours."""

import shutil
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest

from app.accounts.queries import select_user
from app.main import create_app
from app.operations.backup import files
from app.operations.backup.backup import save_snapshot
from app.operations.backup.files import table_path
from app.operations.backup.restore import migrate_to
from app.services import open_services
from app.settings import Settings
from app.storage.migrate import MIGRATIONS, migrate
from tests.commands.run import run_in_process as upvote
from tests.second_board import assert_succeeded, rows_of
from tests.support import Board, client_of, session_cookie

OLD_BOARD = (
    "INSERT INTO users (username, password_hash) VALUES ('somebody', 'no hash')",
    "INSERT INTO projects (author_id, title, description) VALUES (1, 'Project', '')",
    "INSERT INTO stream_checkpoints (shard, epoch) VALUES (0, 'old')",
    "INSERT INTO shard_epochs (epoch, shard, reason) VALUES ('old', 0, 'first')",
)


async def run_sql(settings: Settings, statement: str) -> list[asyncpg.Record]:
    db = await asyncpg.connect(settings.database_url)
    try:
        return await db.fetch(statement)
    finally:
        await db.close()


async def refused(settings: Settings, directory: Path, *options: str) -> str:
    result = await upvote(settings, "restore", *options, str(directory))
    assert (result.returncode, result.stderr.count("\n")) == (1, 1), result.stderr
    return result.stderr


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-10])


def damage(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("table", "harm"),
    [("votes", Path.unlink), ("users", cut), ("users", damage), ("users", lambda p: p.write_text("x"))],
    ids=["missing", "cut off", "damaged", "not compressed"],
)
async def test_a_backup_with_a_broken_file_leaves_the_board_as_it_is(
    second_board: Settings, tmp_path: Path, table: str, harm: Callable[[Path], object]
):
    migrate(second_board)
    db = await asyncpg.connect(second_board.database_url)
    await Board(db).project()  # type: ignore[arg-type]
    await db.close()
    assert_succeeded(await upvote(second_board, "backup", str(tmp_path / "backup")))
    before = await rows_of(second_board.database_url)
    harm(table_path(tmp_path / "backup", table))
    assert f"{table}.copy.gz" in await refused(second_board, tmp_path / "backup", "--replace")
    assert await rows_of(second_board.database_url) == before


async def test_a_backup_with_too_few_rows_leaves_the_board_as_it_is(
    second_board: Settings, tmp_path: Path
):
    migrate(second_board)
    assert_succeeded(await upvote(second_board, "backup", str(tmp_path / "empty")))
    db = await asyncpg.connect(second_board.database_url)
    await Board(db).user()  # type: ignore[arg-type]
    await db.close()
    assert_succeeded(await upvote(second_board, "backup", str(tmp_path / "backup")))
    shutil.copy(table_path(tmp_path / "empty", "users"), tmp_path / "backup")
    before = await rows_of(second_board.database_url)
    said = await refused(second_board, tmp_path / "backup", "--replace")
    assert "users.copy.gz has 0 rows instead of 1" in said
    assert await rows_of(second_board.database_url) == before


THEIRS = (
    "CREATE TABLE theirs (id int)",
    "CREATE VIEW theirs AS SELECT 1",
    "CREATE TABLE theirs (id int); CREATE TABLE users (id int)",
    "CREATE TABLE theirs (id int); CREATE TABLE schema_migrations (version bigint);"
    "INSERT INTO schema_migrations VALUES (20260101120000)",
)


async def test_the_tables_of_another_application_are_left_alone(
    second_board: Settings, target: Settings, tmp_path: Path
):
    migrate(second_board)
    assert_succeeded(await upvote(second_board, "backup", str(tmp_path / "backup")))
    migrate_to(target, ["0001"])  # creates the database
    new = {"NEW_DATABASE_URL": target.database_url, "NEW_REDIS_URL": target.redis_url}
    db = await asyncpg.connect(target.database_url)
    for theirs in THEIRS:
        await db.execute(f"DROP SCHEMA public CASCADE; CREATE SCHEMA public; {theirs}")
        before = await names(target)
        assert "tables of something else" in await refused(target, tmp_path / "backup")
        assert "tables of something else" in await refused(target, tmp_path / "backup", "--replace")
        moved = await upvote(second_board, "move", **new)
        assert (moved.returncode, "tables of something else" in moved.stderr) == (1, True)
        assert await names(target) == before
    await db.close()


async def names(settings: Settings) -> set[str]:
    rows = await run_sql(
        settings, "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
    )
    return {row["relname"] for row in rows}


async def test_an_interrupted_restore_can_be_run_again(
    second_board: Settings, target: Settings, tmp_path: Path
):
    migrate(second_board)
    assert_succeeded(await upvote(second_board, "backup", str(tmp_path / "backup")))
    migrate_to(target, ["0001", "0002"])
    assert_succeeded(await upvote(target, "restore", str(tmp_path / "backup")))


async def test_a_backup_from_before_servers_were_told_apart_is_restored(
    second_board: Settings, target: Settings, tmp_path: Path
):
    versions = sorted(path.name.split("_")[0] for path in MIGRATIONS.glob("[0-9]*.sql"))
    migrate_to(second_board, [version for version in versions if version < "0049"])
    for statement in OLD_BOARD:
        await run_sql(second_board, statement)
    with files.new_directory(tmp_path / "backup"):
        await save_snapshot(second_board, tmp_path / "backup")
    for options in ((), ("--replace",)):
        assert_succeeded(await upvote(target, "restore", *options, str(tmp_path / "backup")))
        assert_succeeded(await upvote(target, "verify"))
        assert len((await rows_of(target.database_url))["users"]) == 1


async def test_a_cookie_of_an_account_that_a_restore_has_lost_becomes_another_accounts(
    second_board: Settings, tmp_path: Path
):
    migrate(second_board)
    assert_succeeded(await upvote(second_board, "backup", str(tmp_path / "backup")))
    async with open_services(second_board) as services:
        lee = await Board(services.db).user()
    cookie = session_cookie(create_app(second_board), lee)
    assert_succeeded(await upvote(second_board, "restore", "--replace", str(tmp_path / "backup")))
    await upvote(second_board, "user", "create", "--admin", "boss", UPVOTE_PASSWORD="a long password")
    async with create_app(second_board).test_app() as serving:
        client = client_of(serving.app)  # type: ignore[arg-type]
        client.set_cookie("localhost", "upvote_session", cookie)
        async with open_services(second_board) as services:
            boss = await select_user(services.db, "boss")
        assert boss is not None
        assert boss.id > lee.id
        answer = await client.get("/me/settings")
        assert (answer.status_code, answer.location[:6]) == (303, "/login")
        assert (await client.get("/admin/people")).status_code == 403
