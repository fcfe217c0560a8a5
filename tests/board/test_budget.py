"""The budget: how many votes in force an account may have, at any concurrency (I11)."""

import asyncio
import contextlib
from unittest.mock import patch

import pytest

from app.accounts.withdrawals import run_withdrawals
from app.accounts.withdrawals.queries import insert_withdrawal
from app.errors import VotesUnavailable
from app.projects.edit.changes import delete_project
from app.services import open_services
from app.voting import keys
from app.voting.closing import publish_closed
from app.voting.votes import Status, Vote
from tests.conftest import NO_LIMITS
from workers.sync_tallies import sync_tallies


@pytest.fixture
async def two_processes(settings):
    """Return the services of two processes."""
    free = settings.model_copy(update=NO_LIMITS)
    async with open_services(free) as one, open_services(free) as other:
        yield one, other


async def in_force(db, user):
    return await db.fetchval("SELECT count(*) FROM votes WHERE user_id = $1 AND value <> 0", user.id)


async def test_no_more_votes_than_the_budget_in_two_processes_through_an_emptied_redis(
    organise, two_processes, board, redis, db
):
    await organise(budget="3")
    user, projects = await board.user(), [await board.project() for _ in range(25)]

    async def all_at_once():
        calls = [
            each.batcher.cast(Vote(project_id, user.id, 1))
            for each in two_processes
            for project_id in projects
        ]
        return await asyncio.gather(*calls, return_exceptions=True)

    first = await all_at_once()
    assert sum(result.status is Status.ACCEPTED for result in first) >= 3
    await two_processes[0].persist_events()
    assert await in_force(db, user) == 3
    await redis.flushall()
    await all_at_once()
    await two_processes[0].persist_events()
    assert await in_force(db, user) == 3


async def test_a_vote_that_is_taken_back_can_be_cast_elsewhere(organise, free_app, board):
    await organise(budget="2")
    batcher, user = free_app.extensions["upvote"].batcher, await board.user()
    first, second, third = [await board.project() for _ in range(3)]
    results = [
        await batcher.cast(Vote(project_id, user.id, 1)) for project_id in (first, second, third)
    ]
    assert [result.status for result in results] == [
        Status.ACCEPTED,
        Status.ACCEPTED,
        Status.OVER_BUDGET,
    ]
    assert [result.votes_left for result in results] == [1, 0, 0]
    assert (await batcher.cast(Vote(second, user.id, -1))).votes_left == 0  # it is in force already
    assert (await batcher.cast(Vote(first, user.id, 0))).votes_left == 1
    assert (await batcher.cast(Vote(third, user.id, 1))).status is Status.ACCEPTED


async def test_a_budget_below_the_votes_in_force_refuses_only_new_ones(organise, free_app, board):
    batcher, user = free_app.extensions["upvote"].batcher, await board.user()
    projects = [await board.project() for _ in range(4)]
    for project_id in projects[:3]:
        await batcher.cast(Vote(project_id, user.id, 1))
    await organise(budget="1")
    assert (await batcher.cast(Vote(projects[3], user.id, 1))).status is Status.OVER_BUDGET
    again = await batcher.cast(Vote(projects[0], user.id, 1))
    assert (again.status, again.value) == (Status.ACCEPTED, 1)
    assert (await batcher.cast(Vote(projects[0], user.id, 0))).status is Status.ACCEPTED
    assert (await batcher.cast(Vote(projects[3], user.id, 1))).status is Status.OVER_BUDGET


async def test_a_vote_that_changes_while_it_is_counted_ends_the_claim(organise, free_app, board, redis):
    await organise(budget="5")
    services, user = free_app.extensions["upvote"], await board.user()
    project_id = await board.project()
    await services.batcher.cast(Vote(project_id, user.id, 1))
    rules = services.functions.rules
    await redis.hdel(keys.counts(0), user.id)
    tokens = await rules.claim_counts([user.id], "a token")
    assert tokens == {user.id: "a token"}
    await services.batcher.cast(Vote(project_id, user.id, 0))
    assert await rules.install_counts(tokens, {user.id: 1}) == 0


async def test_votes_that_the_board_withdraws_do_not_raise_the_budget(organise, free_app, board):
    await organise(budget="2")
    services, user, author = free_app.extensions["upvote"], await board.user(), await board.user()
    kept, deleted = await board.project(), await board.project(author)
    for project_id in (kept, deleted):
        await services.batcher.cast(Vote(project_id, user.id, 1))
    assert await delete_project(services, author.id, deleted)
    await services.hydrator.count_votes(user.id)
    assert await services.functions.rules.votes_in_force(user.id) == 1
    await insert_withdrawal(services.db, user.id, by_moderator=True)
    await run_withdrawals(services)
    new = [await board.project() for _ in range(3)]
    results = [await services.batcher.cast(Vote(project_id, user.id, 1)) for project_id in new]
    assert [result.status for result in results] == [
        Status.ACCEPTED,
        Status.ACCEPTED,
        Status.OVER_BUDGET,
    ]


@pytest.mark.parametrize("away", ["Redis", "the counts alone"])
async def test_a_hidden_project_that_is_deleted_while_redis_is_away_gives_its_votes_back(
    away, organise, free_app, board, db
):
    await organise(budget="1")
    services, user, author = free_app.extensions["upvote"], await board.user(), await board.user()
    functions, project_id = services.functions, await board.project(author)
    await services.batcher.cast(Vote(project_id, user.id, 1))
    await db.execute("UPDATE projects SET hidden_at = now() WHERE id = $1", project_id)
    assert await publish_closed(db, functions, project_id)
    with contextlib.ExitStack() as patches:
        fail = {"side_effect": VotesUnavailable("away")}
        patches.enter_context(patch.object(functions.rules, "forget_counts", **fail))
        if away == "Redis":
            patches.enter_context(patch.object(functions.closing, "close", **fail))
        assert await delete_project(services, author.id, project_id)
    await sync_tallies(services)
    assert (await services.batcher.cast(Vote(await board.project(), user.id, 1))).status is (
        Status.ACCEPTED
    )
