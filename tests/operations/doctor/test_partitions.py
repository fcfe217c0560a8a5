"""The runbook moves events out of the default partition, and loses none that arrive meanwhile."""

import asyncio
import re

import asyncpg

from tests.doc_tables import RUNBOOKS
from tests.support import Board
from tests.waiting import until

EVENT = "INSERT INTO vote_events VALUES ($1, $2, 0, 1, $3, '2001-01-01')"
WAITS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE wait_event_type = 'Lock' AND query LIKE 'INSERT INTO vote_events VALUES%'
"""


async def test_the_runbook_moves_events_out_of_the_default_partition(checked_board):
    board = Board(checked_board.services.db)
    project_id, user = await board.project(), await board.user()
    await checked_board.services.db.execute(
        "INSERT INTO vote_events VALUES ($1, $2, 0, 1, 1, '2001-01-01')", project_id, user.id
    )
    assert "vote_events_default" in (await checked_board.run_checks())["partitions"].text
    [statements] = re.findall(r"```sql\n(.*?)```", RUNBOOKS.read_text(), re.S)
    await checked_board.services.db.execute(statements.replace("2026-03-01", "2001-01-01"))
    assert (await checked_board.run_checks())["partitions"].passed
    assert len(await board.events(project_id)) == 1
    await checked_board.services.db.execute("DROP TABLE vote_events_2001_01")


async def test_events_that_are_written_meanwhile_are_kept(checked_board):
    db = checked_board.services.db
    url, board = checked_board.services.settings.database_url, Board(db)
    project_id, user_id = await board.project(), (await board.user()).id
    await db.execute(EVENT, project_id, user_id, 1)
    [block] = re.findall(r"```sql\n(.*?)```", RUNBOOKS.read_text(), re.S)
    steps = block.replace("2026-03-01", "2001-01-01").strip().split(";\n")
    operator, worker = await asyncpg.connect(url), await asyncpg.connect(url)

    writes: list[asyncio.Task[str]] = []

    async def is_written_or_waits() -> bool:
        return writes[-1].done() or await db.fetchval(WAITS) > 0

    for step in steps:
        await operator.execute(step)
        if step.startswith("CREATE"):
            writes += [asyncio.create_task(worker.execute(EVENT, project_id, user_id, 2))]
            await until(is_written_or_waits, "for the event to be written, or to wait")
    await asyncio.gather(*writes)
    assert writes
    assert {event["version"] for event in await board.events(project_id)} == {1, 2}
    assert await db.fetchval("SELECT count(*) FROM vote_events_default") == 0
    await operator.close()
    await worker.close()
    await db.execute("DROP TABLE vote_events_2001_01")
