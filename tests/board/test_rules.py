"""The rules in Redis: obeyed at the boundary, after a lost Redis, and never older than PostgreSQL's."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from app.board.board import Board
from app.storage.connections import open_database
from app.voting import keys
from app.voting.rules import unix_ms
from app.voting.votes import Status, Vote
from tests.waiting import until

NOWHERE = "postgresql://nobody@127.0.0.1:1/upvote"


async def test_voting_opens_and_closes_at_its_times_by_the_clock_of_redis(
    organise, free_app, board, db
):
    services, users = free_app.extensions["upvote"], await board.users(8)
    project_id, seen = 0, []

    async def vote(user):
        value = 1
        while Status.ENDED not in seen[-1:]:
            result = await services.batcher.cast(Vote(project_id, user.id, value))
            seen.append(result.status)
            if result.status is Status.ACCEPTED:
                value = 1 - value  # so that each accepted vote is a change

    for seconds in (1, 3, 9, 27):  # until it begins: on a busy machine the change takes its time
        now_ms = (await services.functions.rules.state(0)).now_ms
        begin = datetime.fromtimestamp(now_ms / 1000 + 0.6, UTC).replace(microsecond=0)
        begin += timedelta(seconds=seconds)
        end = begin + timedelta(seconds=seconds)
        await organise(vote_from=begin.isoformat(), vote_until=end.isoformat())
        project_id = await board.project()
        seen.clear()
        await asyncio.gather(*map(vote, users))
        if seen[0] is Status.NOT_BEGUN and Status.ACCEPTED in seen:
            break
    assert seen[0] is Status.NOT_BEGUN
    assert Status.ACCEPTED in seen
    await services.persist_events()
    times = [event["created_at"] for event in await board.events(project_id)]
    assert len(times) == seen.count(Status.ACCEPTED)
    assert all(begin <= time < end for time in times)


async def test_an_emptied_redis_obeys_the_rules_from_its_first_vote(organise, free_app, board, redis):
    services, user, project_id = (
        free_app.extensions["upvote"],
        await board.user(),
        await board.project(),
    )
    await organise(vote_until="now")
    await redis.flushall()
    result = await services.batcher.cast(Vote(project_id, user.id, 1))
    assert result.status is Status.ENDED


async def test_a_shard_that_lost_only_its_rules_accepts_no_vote_without_them(
    organise, free_app, board, redis
):
    services, user, project_id = (
        free_app.extensions["upvote"],
        await board.user(),
        await board.project(),
    )
    await organise(vote_until="now")
    await redis.delete(keys.rules(0))
    result = await services.batcher.cast(Vote(project_id, user.id, 1))
    assert result.status is Status.ENDED


async def test_rules_that_never_reached_postgresql_are_taken_back(free_app, board, redis):
    """A process died between Redis and the commit, or PostgreSQL came back older."""
    services, user, project_id = (
        free_app.extensions["upvote"],
        await board.user(),
        await board.project(),
    )
    revision, now_ms, _ = await services.functions.rules.state(0)
    await redis.hset(keys.rules(0), mapping={"revision": revision + 1, "until": now_ms})

    async def open_again():
        return (await services.batcher.cast(Vote(project_id, user.id, 1))).status is Status.ACCEPTED

    await until(open_again, "voting is open again")
    assert (await services.functions.rules.state(0))[0] == revision


async def test_closing_now_holds_though_the_clock_was_set_back(organise, free_app, board, redis):
    """The stream goes on with later ids than the clock shows, so the end is behind the last of them."""
    services, user = free_app.extensions["upvote"], await board.user()
    project_id = await board.project()
    ahead = (await services.functions.rules.state(0)).now_ms + 1_500
    await redis.xadd(keys.events(0), {"vote": ""}, id=f"{ahead}-0")
    await redis.xdel(keys.events(0), f"{ahead}-0")
    await services.batcher.cast(Vote(project_id, user.id, 1))
    after = await organise(vote_until="now")
    result = await services.batcher.cast(Vote(project_id, user.id, 0))
    assert result.status is Status.ENDED
    assert unix_ms(after.vote_until) > ahead
    await services.persist_events()
    times = [event["created_at"] for event in await board.events(project_id)]
    assert len(times) == 1
    assert times[0] < after.vote_until

    async def clock_is_back():  # later tests begin and end voting by the clock
        return (await services.functions.rules.state(0)).now_ms > ahead + 1

    await until(clock_is_back, "for the clock")


@pytest.mark.parametrize(("tallies", "secret"), [("public", False), ("after_reveal", True)])
async def test_a_process_that_starts_without_postgresql_asks_redis_whether_tallies_are_secret(
    organise, free_app, settings, tallies, secret
):
    services = free_app.extensions["upvote"]
    await organise(tallies=tallies)
    away = await open_database(settings.model_copy(update={"database_url": NOWHERE}))
    board = Board(settings, away, services.functions.rules)
    assert board.is_secret()  # nobody knows yet
    await board.try_to_refresh()
    assert not board.known
    assert board.is_secret() is secret
    away.terminate()


async def test_redis_knows_that_secrecy_ends_with_voting(organise, free_app):
    rules = free_app.extensions["upvote"].functions.rules
    await organise(vote_until="2199-01-01 00:00", tallies="after_voting")
    assert (await rules.state(0)).secret
    await organise(vote_until="now")
    assert not (await rules.state(0)).secret
