"""Two Redis servers are in use for one board: one accepts votes, and no vote of the other is lost."""

import asyncio
import time

import pytest

from app.errors import VotesUnavailable
from app.services import Services
from app.voting import keys
from app.voting.servers.in_use import TwoServers
from tests.voting.time_travel import assert_verified
from tests.voting.two_redis import hanging, until_taken_over, until_told
from tests.waiting import CEILING, until


@pytest.mark.parametrize("workers", ["one", pytest.param("one each", marks=pytest.mark.long)])
async def test_the_second_redis_accepts_no_vote_while_the_first_one_is_in_use(
    fresh_board, here, there, ledger, workers
):
    project_id, users = await fresh_board.board.project(), await fresh_board.board.users(20)
    await ledger.cast(here, project_id, users[0].id, 1)
    await here.persist_events()
    refused = asyncio.create_task(ledger.cast(there, project_id, users[0].id, 0))
    for value in range(1, 30):
        await ledger.cast(here, project_id, users[value % 20].id, (1, 0, -1)[value % 3])
        await here.persist_events()
        if workers == "one each" and not value % 10:
            with pytest.raises(TwoServers):
                await there.persist_events()
        await asyncio.sleep(0.1)
    with pytest.raises(VotesUnavailable):
        await refused
    await until_told(ledger, there, project_id, users[0].id, 0)
    await ledger.assert_kept(here)
    assert await fresh_board.epochs() == ["first"]


@pytest.mark.long
async def test_the_second_redis_takes_over_when_the_first_one_is_left(fresh_board, here, there, ledger):
    project_id, users = await fresh_board.board.project(), await fresh_board.board.users(3)
    await ledger.cast(here, project_id, users[0].id, 1)
    await here.persist_events()
    async with hanging(here):
        await until_taken_over(ledger, there, project_id, users[1].id, -1)
        await there.persist_events()
        await ledger.cast(there, project_id, users[0].id, 0)
    await until_told(ledger, here, project_id, users[2].id, 1)
    await ledger.assert_kept(there)
    assert await fresh_board.epochs() == ["first", "emptied"]


async def test_votes_that_waited_in_the_first_redis_are_taken_in_and_later_ones_win(
    fresh_board, here, there, ledger
):
    projects = [await fresh_board.board.project() for _ in range(2)]
    users = [user.id for user in await fresh_board.board.users(4)]
    await ledger.cast(here, projects[0], users[0], 1)
    await here.persist_events()
    for project_id in projects:
        for user_id, value in zip(users, (-1, 1, -1, 1), strict=True):
            await ledger.cast(here, project_id, user_id, value)
    async with hanging(here):
        await until_taken_over(ledger, there, projects[0], users[1], -1)  # after 1 in the first Redis
        await there.persist_events()
        await ledger.cast(there, projects[0], users[2], 1)  # not persisted yet

    async def taken_in() -> bool:  # a report may be the first to tell of two servers
        await until_told(ledger, here, projects[1], users[3], 0)
        return not await here.redis.xlen(keys.events(0))

    await until(taken_in, "for the votes in the first Redis to be taken in")
    await ledger.assert_kept(there)
    assert await fresh_board.epochs() == ["first", "emptied", "merged"]
    outcomes = await here.db.fetch("SELECT outcome, count(*) FROM vote_events_set_aside GROUP BY 1")
    assert dict(outcomes) == {"taken in": 6, "superseded": 2}


@pytest.mark.long
async def test_events_are_taken_in_once_when_the_trim_is_missed(
    fresh_board, here, there, ledger, monkeypatch
):
    project_id, users = await fresh_board.board.project(), await fresh_board.board.users(3)
    for user in users:
        await ledger.cast(here, project_id, user.id, 1)
    async with hanging(here):
        await until_taken_over(ledger, there, project_id, users[0].id, -1)
        await there.persist_events()

    async def crash(*_: object) -> None:
        raise ConnectionError("killed before the trim")

    with monkeypatch.context() as patch:
        patch.setattr("app.voting.epochs.trim_events", crash)
        with pytest.raises(VotesUnavailable):
            await here.persist_events()
    await there.persist_events()
    await until_refused(here)
    await ledger.assert_kept(there)
    assert len(await fresh_board.board.events(project_id)) == 3


async def until_refused(services: Services) -> None:
    async def refused() -> bool:
        try:
            await services.persist_events()
        except TwoServers:
            return not await services.redis.xlen(keys.events(0))
        return False

    await until(refused, "for an empty stream")


@pytest.mark.long
async def test_a_promoted_replica_goes_on_where_the_first_redis_ended(fresh_board, here, there, ledger):
    project_id, users = await fresh_board.board.project(), await fresh_board.board.users(4)
    await ledger.cast(here, project_id, users[0].id, 1)
    await here.persist_events()
    await ledger.cast(here, project_id, users[1].id, 1)
    await copy_keys(here, there)
    await ledger.cast(here, project_id, users[2].id, 1)  # the replica never gets it
    async with hanging(here):
        await until_taken_over(ledger, there, project_id, users[3].id, -1)
        await there.persist_events()
    with pytest.raises(TwoServers):
        await here.persist_events()
    await ledger.assert_kept(there)
    await ledger.cast(there, project_id, users[2].id, 0)
    async with hanging(there):
        await until_taken_over(ledger, here, project_id, users[0].id, -1)  # and back again
        await here.persist_events()
    with pytest.raises(TwoServers):
        await there.persist_events()
    await ledger.assert_kept(here)


async def test_a_first_redis_that_comes_back_as_a_replica_is_compared_again(
    fresh_board, here, there, ledger
):
    """Replication goes on where it ended, so its functions still know that they were compared."""
    project_id, users = await fresh_board.board.project(), await fresh_board.board.users(4)
    await ledger.cast(here, project_id, users[0].id, 1)
    await here.persist_events()
    await copy_keys(here, there)
    async with hanging(here):
        await until_taken_over(ledger, there, project_id, users[1].id, -1)
        await there.persist_events()
        await copy_keys(there, here)
        await ledger.cast(there, project_id, users[2].id, 1)  # the new replica never gets it
        await there.persist_events()
        async with hanging(there):
            # As a process that has reported the other server just now, at the same address.
            here.functions.servers._reported[0] = time.monotonic() + CEILING
            await ledger.cast(here, project_id, users[3].id, -1)
            await here.persist_events()
            await ledger.assert_kept(here)
    assert await fresh_board.epochs() == ["first", "older"]


async def copy_keys(source: Services, target: Services) -> None:
    """Copy everything, as a replica has it when it is promoted."""
    for key in await source.redis.keys():
        await target.redis.restore(key, 0, await source.redis.dump(key), replace=True)


@pytest.mark.long
async def test_a_redis_without_a_worker_makes_way_for_one_that_has_it(fresh_board, here, there, ledger):
    project_id, users = await fresh_board.board.project(), await fresh_board.board.users(2)
    await ledger.cast(here, project_id, users[0].id, 1)

    async def made_way() -> bool:
        try:
            await ledger.cast(here, project_id, users[1].id, 1)
        except TwoServers:
            return True
        try:
            await there.persist_events()
        except TwoServers:
            return False
        return True

    await until(made_way, "for the first Redis to make way", every=0.1)
    await until_taken_over(ledger, there, project_id, users[0].id, -1)
    await ledger.assert_kept(there)
    await assert_verified(there)
