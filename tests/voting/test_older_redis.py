"""Redis comes back older than what it has told, or than what PostgreSQL holds."""

from app.services import open_services
from app.voting.queries import VERSION_LEAP
from app.voting.votes import Tally, Vote
from tests.waiting import CEILING


async def lose_what_was_told(house, tmp_path) -> tuple[int, Tally]:
    """A project of whose four votes Redis has lost three that were not persisted; what it told last."""
    project_id = await house.board.project()
    await house.vote(project_id)
    await house.persist()
    await house.keep_copy(tmp_path / "copy")
    told = [await house.vote(project_id) for _ in range(3)][-1]
    await house.bring_back(tmp_path / "copy")
    return project_id, told


async def test_a_redis_that_lost_unpersisted_votes_is_noticed_by_whom_it_told(house, tmp_path):
    project_id, told = await lose_what_was_told(house, tmp_path)
    tally = await house.vote(project_id)
    assert tally[:2] == (2, 0)
    assert tally.version > told.version
    assert await house.epochs() == ["first", "older"]


async def test_what_one_process_was_told_is_not_told_again_after_another_admitted(house, tmp_path):
    project_id, told = await lose_what_was_told(house, tmp_path)
    async with open_services(house.services.settings, query_seconds=CEILING) as other:
        user = await house.board.user()
        assert (await other.batcher.cast(Vote(project_id, user.id, 1))).tally == Tally(2, 0, 2)
    tally = await house.vote(project_id)
    assert tally[:2] == (3, 0)  # the other's vote stays
    assert tally.version > told.version
    await house.persist()
    assert len(await house.board.votes(project_id)) == 3


async def test_an_older_redis_is_noticed_before_the_first_vote(house, tmp_path):
    project_id = await house.board.project()
    await house.vote(project_id)
    await house.keep_copy(tmp_path / "copy")
    for _ in range(3):
        await house.vote(project_id)
    await house.persist()
    await house.bring_back(tmp_path / "copy")
    assert await house.vote(project_id) == Tally(5, 0, 4 + VERSION_LEAP + 1)
    assert await house.epochs() == ["first", "older"]
    assert await house.persist() == 1
    versions = [event["version"] for event in await house.board.events(project_id)]
    assert versions == [1, 2, 3, 4, 4 + VERSION_LEAP + 1]
