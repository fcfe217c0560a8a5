"""The totals of votes are written in the background, and completely when a process ends."""

from app.services import open_services
from app.voting import keys
from app.voting.votes import Vote
from tests.conftest import NO_LIMITS


async def test_the_last_counts_are_written_when_the_process_ends(settings, board, redis):
    project_id, users = await board.project(), await board.users(3)
    before = int(await redis.hget(keys.METRICS, "votes") or 0)
    async with open_services(settings.model_copy(update=NO_LIMITS)) as services:
        for user in users:
            await services.batcher.cast(Vote(project_id, user.id, 1))
    assert int(await redis.hget(keys.METRICS, "votes")) - before >= 3
