"""Redis comes back without votes that it acknowledged, or older than PostgreSQL."""

import time

from app.services import open_services
from app.voting import keys
from app.voting.queries import VERSION_LEAP
from app.voting.votes import Tally, Vote
from tests.waiting import CEILING


async def lose_acknowledged_votes(fresh_board, tmp_path) -> tuple[int, Tally]:
    """Make a project with four votes of which Redis loses three unpersisted ones.

    Return the project and its last acknowledged tally.
    """
    project_id = await fresh_board.board.project()
    await fresh_board.vote(project_id)
    await fresh_board.persist()
    await fresh_board.keep_copy(tmp_path / "copy")
    acknowledged = [await fresh_board.vote(project_id) for _ in range(3)][-1]
    await fresh_board.restore_copy(tmp_path / "copy")
    return project_id, acknowledged


async def test_the_process_that_saw_newer_votes_notices_that_redis_lost_them(fresh_board, tmp_path):
    project_id, acknowledged = await lose_acknowledged_votes(fresh_board, tmp_path)
    tally = await fresh_board.vote(project_id)
    assert tally[:2] == (2, 0)
    assert tally.version > acknowledged.version
    assert await fresh_board.epochs() == ["first", "older"]


async def test_an_acknowledged_version_is_not_used_again_when_another_process_compares(
    fresh_board, tmp_path
):
    project_id, acknowledged = await lose_acknowledged_votes(fresh_board, tmp_path)
    async with open_services(fresh_board.services.settings, query_seconds=CEILING) as other:
        user = await fresh_board.board.user()
        tally = (await other.batcher.cast(Vote(project_id, user.id, 1))).tally
    assert tally[:2] == (2, 0)
    assert tally.version > acknowledged.version  # the copy is not from the server that PostgreSQL knows
    tally = await fresh_board.vote(project_id)
    assert tally[:2] == (3, 0)  # the vote through the other process stays
    assert tally.version > acknowledged.version
    await fresh_board.persist()
    assert len(await fresh_board.board.votes(project_id)) == 3


async def test_an_older_redis_is_noticed_before_the_first_vote(fresh_board, tmp_path):
    project_id = await fresh_board.board.project()
    await fresh_board.vote(project_id)
    await fresh_board.keep_copy(tmp_path / "copy")
    for _ in range(3):
        await fresh_board.vote(project_id)
    await fresh_board.persist()
    await fresh_board.restore_copy(tmp_path / "copy")
    assert await fresh_board.vote(project_id) == Tally(5, 0, 4 + VERSION_LEAP + 1)
    assert await fresh_board.epochs() == ["first", "older"]
    assert await fresh_board.persist() == 1
    versions = [event["version"] for event in await fresh_board.board.events(project_id)]
    assert versions == [1, 2, 3, 4, 4 + VERSION_LEAP + 1]


async def test_events_after_a_loss_come_after_those_that_were_acknowledged(fresh_board, tmp_path):
    redis, stream = fresh_board.services.redis, keys.events(0)
    project_id = await fresh_board.board.project()
    await fresh_board.vote(project_id)
    await fresh_board.persist()
    await fresh_board.keep_copy(tmp_path / "copy")
    # The clock of Redis was an hour ahead, and is right after the loss.
    await redis.execute_command("XSETID", stream, f"{int(time.time() + 3600) * 1000}-0")
    await fresh_board.vote(project_id)
    acknowledged = await last_id(redis, stream)
    await fresh_board.restore_copy(tmp_path / "copy")
    await fresh_board.vote(project_id)
    assert await fresh_board.epochs() == ["first", "older"]
    assert await last_id(redis, stream) > acknowledged


async def last_id(redis, stream: str) -> tuple[int, ...]:
    """Return the milliseconds and the number of the last event."""
    stream = await redis.xinfo_stream(stream)
    return tuple(int(part) for part in stream["last-generated-id"].split(b"-"))
