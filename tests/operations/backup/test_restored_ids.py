"""After a restore no id is given out twice, and none of those that were given out before."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from app.operations.backup.restore import IDS_PER_SECOND, LEAST_LEAP
from app.services import open_services
from app.settings import Settings
from app.storage.migrate import migrate
from tests.commands.run import run_in_process as upvote
from tests.second_board import assert_succeeded
from tests.support import Board


async def last_ids(settings: Settings) -> dict[str, int]:
    """Register somebody who submits a project; return the ids."""
    async with open_services(settings) as services:
        user = await Board(services.db).user()
        return {"user": user.id, "project": await Board(services.db).project(user)}


async def test_ids_leap_over_all_that_were_given_out_after_the_backup(
    second_board: Settings, target: Settings, tmp_path: Path
):
    """Also on a machine that knows nothing of them, and at the second restore of the same backup."""
    migrate(second_board)
    before = await last_ids(second_board)
    backup = tmp_path / "backup"
    assert_succeeded(await upvote(second_board, "backup", str(backup)))
    assert_succeeded(await upvote(target, "restore", str(backup)))
    first = await last_ids(target)
    assert all(first[kind] > before[kind] + LEAST_LEAP for kind in before)
    assert_succeeded(await upvote(target, "restore", "--replace", str(backup)))
    second = await last_ids(target)
    assert all(second[kind] > first[kind] + LEAST_LEAP for kind in before)
    description = json.loads((backup / "backup.json").read_text())
    a_day_ago = datetime.now(UTC) - timedelta(days=1)
    description["made_at"] = a_day_ago.isoformat(timespec="seconds")
    (backup / "backup.json").write_text(json.dumps(description))
    assert_succeeded(await upvote(second_board, "restore", "--replace", str(backup)))
    later = await last_ids(second_board)
    assert all(later[kind] > before[kind] + IDS_PER_SECOND * 24 * 3600 for kind in before)


async def test_a_move_continues_with_the_next_id(
    second_board: Settings, target: Settings, tmp_path: Path
):
    migrate(second_board)
    before = await last_ids(second_board)
    new = {"NEW_DATABASE_URL": target.database_url, "NEW_REDIS_URL": target.redis_url}
    assert_succeeded(await upvote(second_board, "move", **new))
    assert await last_ids(target) == {kind: last + 1 for kind, last in before.items()}


async def test_a_backup_of_a_restored_board_that_nobody_used_keeps_the_numbers(
    second_board: Settings, target: Settings, tmp_path: Path
):
    """Before its first use after a restore, a sequence has not been "called" in PostgreSQL's words."""
    migrate(second_board)
    for name in ("lee", "kim"):
        result = await upvote(second_board, "user", "create", name, UPVOTE_PASSWORD="correct horse 9")
        assert_succeeded(result)
        assert_succeeded(await upvote(second_board, "token", "create", name))
    first, second = tmp_path / "first", tmp_path / "second"
    assert_succeeded(await upvote(second_board, "backup", str(first)))
    assert_succeeded(await upvote(target, "restore", str(first)))
    assert_succeeded(await upvote(target, "backup", str(second)))
    counters = [json.loads((path / "backup.json").read_text())["counters"] for path in (first, second)]
    last, later = ({row["table"]: row["last"] for row in rows} for rows in counters)
    assert all(later[table] >= last[table] for table in last)
    assert later["users"] >= last["users"] + LEAST_LEAP
    assert_succeeded(await upvote(second_board, "restore", "--replace", str(second)))
    assert_succeeded(await upvote(second_board, "token", "create", "lee"))
    result = await upvote(second_board, "user", "create", "ann", UPVOTE_PASSWORD="correct horse 9")
    assert_succeeded(result)


async def test_a_backup_that_names_too_low_numbers_is_restored_behind_its_rows(
    second_board: Settings, target: Settings, tmp_path: Path
):
    migrate(second_board)
    result = await upvote(second_board, "user", "create", "lee", UPVOTE_PASSWORD="correct horse 9")
    assert_succeeded(result)
    assert_succeeded(await upvote(second_board, "token", "create", "lee"))
    backup = tmp_path / "backup"
    assert_succeeded(await upvote(second_board, "backup", str(backup)))
    description = json.loads((backup / "backup.json").read_text())
    description["counters"] = [counter | {"last": 0} for counter in description["counters"]]
    (backup / "backup.json").write_text(json.dumps(description))
    assert_succeeded(await upvote(target, "restore", str(backup)))
    assert_succeeded(await upvote(target, "token", "create", "lee"))
    result = await upvote(target, "user", "create", "ann", UPVOTE_PASSWORD="correct horse 9")
    assert_succeeded(result)
