"""Redis restarts with all its data, while several web processes vote."""

from types import SimpleNamespace

from app.demo import cast_with_retries
from app.services import open_services
from app.voting.votes import Vote
from tests.waiting import CEILING


async def give_no_way(shard: int, at_once: bool) -> None:
    pass


async def test_after_a_restart_each_process_compares_once_and_no_more(fresh_board, monkeypatch):
    comparisons = []

    def count(event: str, **fields: object) -> None:
        comparisons.append(event)

    async with open_services(fresh_board.services.settings, query_seconds=CEILING) as other:
        project_id, user = await fresh_board.board.project(), await fresh_board.board.user()
        for services in (fresh_board.services, other):
            # Votes compare here: a report that sees the new server before a vote does would do it too.
            monkeypatch.setattr(services.functions.servers, "_give_way", give_no_way)
        await fresh_board.vote(project_id)
        await other.batcher.cast(Vote(project_id, user.id, 1))
        fresh_board.valkey.kill9()
        fresh_board.valkey.restart()
        await fresh_board.until_redis_answers()
        monkeypatch.setattr("app.voting.epochs.log", SimpleNamespace(info=count))
        for value in (0, 1) * 5:
            await fresh_board.vote(project_id)
            await cast_with_retries(other.batcher, Vote(project_id, user.id, value))
    assert len(comparisons) == 2
    assert await fresh_board.epochs() == ["first"]
