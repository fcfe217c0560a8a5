"""`upvote reset votes` takes all votes out, keeps the event log, and leaves all numbers right."""

import asyncio

from app.board.change import change_board, reveal
from app.operations.verify.verify import verify
from app.voting.votes import Vote
from tests.commands.run import run_in_process
from tests.operations.verify.conftest import own_board, short_waits
from tests.support import make_cold

__all__ = ["own_board", "short_waits"]


async def test_all_votes_are_taken_out_and_the_log_is_kept(own_board):
    services, board = own_board.services, own_board.board
    users, projects = await board.users(5), [await board.project() for _ in range(3)]
    votes = [Vote(p, u.id, 1 if u.id % 2 else -1) for p in projects for u in users]
    await asyncio.gather(*map(services.batcher.cast, votes))
    await services.persist_events()
    await make_cold(services.redis, projects[0])
    refused = await run_in_process(services.settings, "reset", "votes", "--yes", "Upvotes")
    assert refused.returncode == 1
    assert "This board is called 'Upvote', not 'Upvotes': nothing has changed" in refused.stderr
    assert len(await board.votes(projects[1])) == 5
    assert (await run_in_process(services.settings, "reset", "votes")).returncode == 2
    done = await run_in_process(services.settings, "reset", "votes", "--yes", "Upvote")
    assert done.returncode == 0, done.stderr
    assert [await board.votes(project_id) for project_id in projects] == [{}] * 3
    assert len(await board.events(projects[0])) == 10
    assert (await verify(services)).findings == []
    tallies = "SELECT upvotes, downvotes FROM projects WHERE id = ANY ($1)"
    assert {tuple(row) for row in await services.db.fetch(tallies, projects)} == {(0, 0)}
    again = await run_in_process(services.settings, "reset", "votes", "--yes", "Upvote")
    assert "Took 0 votes out" in again.stdout
    logged = "SELECT reason FROM moderation_actions WHERE action = 'board' ORDER BY id DESC LIMIT 1"
    assert "votes were taken out" in await services.db.fetchval(logged)


async def test_what_a_rehearsal_revealed_is_secret_again(own_board):
    services = own_board.services
    await change_board(services.board, None, {"tallies": "after_reveal"})
    await reveal(services.board, None)
    done = await run_in_process(services.settings, "reset", "votes", "--yes", "Upvote")
    assert done.returncode == 0, done.stderr
    await services.board.refresh()
    assert services.board.is_secret()
    await change_board(services.board, None, {"tallies": ""})
