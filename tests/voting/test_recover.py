"""Doctor, verify and `upvote recover` when votes are in another Redis."""

from datetime import UTC, datetime, timedelta

import pytest

from app.errors import OperatorError
from app.operations.doctor.check import Check
from app.operations.doctor.recovery import CHECKS
from app.operations.recover import recover
from app.operations.verify.verify import verify
from app.services import Services
from app.voting import keys
from tests.voting.two_redis import hanging, until_taken_over, until_told
from workers.remove_expired import remove_expired


async def test_doctor_names_both_servers_while_two_are_in_use(fresh_board, here, there, ledger):
    project_id, user = await fresh_board.board.project(), await fresh_board.board.user()
    await ledger.cast(here, project_id, user.id, 1)
    assert (await checks_of(here))["redis in use"].passed
    await until_told(ledger, there, project_id, user.id, 0)
    check = (await checks_of(here))["redis in use"]
    assert not check.passed
    assert here.settings.redis_url in check.text
    assert there.settings.redis_url in check.text


async def checks_of(services: Services) -> dict[str, Check]:
    async with services.db.acquire() as db:
        return {name: await check(db) for name, check in CHECKS.items()}


async def test_votes_that_were_left_in_a_redis_can_be_taken_in(fresh_board, here, there, ledger):
    project_id, users = await fresh_board.board.project(), await fresh_board.board.users(3)
    await ledger.cast(here, project_id, users[0].id, 1)
    await ledger.cast(here, project_id, users[1].id, 1)
    async with hanging(here):  # and ends
        await until_taken_over(ledger, there, project_id, users[1].id, -1)
        await there.persist_events()
        url = here.settings.redis_url
        said = await recover(there.settings, url, foreign=False, dismiss=False)
        assert said == "events taken in: 1; taken in before, or followed by later votes: 1"
        await ledger.assert_kept(there)
        with pytest.raises(OperatorError, match="in use"):
            await recover(there.settings, there.settings.redis_url, foreign=False, dismiss=False)


async def test_finished_events_are_removed_after_a_month(fresh_board, here):
    db = here.db
    for seq, days in ((1, 31), (2, 29), (3, None)):
        finished = None if days is None else datetime.now(UTC) - timedelta(days=days)
        await db.execute(
            "INSERT INTO vote_events_set_aside"
            ' (shard, epoch, ms, seq, project_id, user_id, old_value, new_value, version, "foreign",'
            "  finished_at) VALUES (9, 'e', 1, $1, 1, 1, 0, 1, 1, true, $2)",
            seq,
            finished,
        )
    await remove_expired(here)
    kept = await db.fetch("SELECT seq FROM vote_events_set_aside WHERE shard = 9 ORDER BY seq")
    assert [row["seq"] for row in kept] == [2, 3]
    await db.execute("DELETE FROM vote_events_set_aside WHERE shard = 9")


@pytest.mark.parametrize("answer", ["foreign", "dismiss"])
async def test_votes_of_an_unknown_epoch_wait_for_the_operator(fresh_board, here, answer):
    project_id, user = await fresh_board.board.project(), await fresh_board.board.user()
    await here.redis.set(keys.epoch(0), "anothers")
    vote = f"{project_id} {user.id} 0 1 1"
    await here.redis.xadd(keys.events(0), {"vote": vote})
    await here.persist_events()
    assert not (await checks_of(here))["events set aside"].passed
    assert await fresh_board.board.votes(project_id) == {}
    report = await verify(here)
    assert "1 event of epoch anothers" in str(report.set_aside[0])
    said = await recover(here.settings, None, foreign=answer == "foreign", dismiss=answer == "dismiss")
    assert ("; 1 dismissed" in said) is (answer == "dismiss")
    wanted = {user.id: 1} if answer == "foreign" else {}
    assert await fresh_board.board.votes(project_id) == wanted
    assert (await checks_of(here))["events set aside"].passed
