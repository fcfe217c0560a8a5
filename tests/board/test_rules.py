"""The rules in Redis: obeyed at the boundary, after a lost Redis, and never older than PostgreSQL's."""

import asyncio
from datetime import UTC, datetime, timedelta

from app.voting import keys
from app.voting.rules import milliseconds
from app.voting.votes import Status, Vote
from tests.waiting import until


async def test_voting_opens_and_closes_at_its_times_by_the_clock_of_redis(
    organise, free_app, board, db
):
    services, users = free_app.extensions["upvote"], await board.users(8)
    project_id = await board.project()
    _, now_ms = await services.functions.rules.state(0)
    begin = datetime.fromtimestamp(now_ms / 1000 + 0.6, UTC).replace(microsecond=0) + timedelta(
        seconds=1
    )
    end = begin + timedelta(seconds=1)
    await organise(vote_from=begin.isoformat(), vote_until=end.isoformat())
    seen = []

    async def vote(user):
        value = 1
        while Status.ENDED not in seen[-1:]:
            result = await services.batcher.cast(Vote(project_id, user.id, value))
            seen.append(result.status)
            if result.status is Status.ACCEPTED:
                value = 1 - value  # so that each accepted vote is a change

    await asyncio.gather(*map(vote, users))
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
    revision, now_ms = await services.functions.rules.state(0)
    await redis.hset(keys.rules(0), mapping={"revision": revision + 1, "until": now_ms})

    async def open_again():
        return (await services.batcher.cast(Vote(project_id, user.id, 1))).status is Status.ACCEPTED

    await until(open_again, "voting is open again")
    assert (await services.functions.rules.state(0))[0] == revision


async def test_an_event_is_in_time_though_the_clock_was_set_back(organise, free_app, board, redis):
    """The stream goes on with later ids than the clock shows, so the end counts by the event's time."""
    services, user, project_id = (
        free_app.extensions["upvote"],
        await board.user(),
        await board.project(),
    )
    await services.batcher.cast(Vote(project_id, user.id, 1))
    _, now_ms = await services.functions.rules.state(0)
    ahead = now_ms + 60_000
    await redis.xadd(keys.events(0), {"vote": ""}, id=f"{ahead}-0")
    await redis.xdel(keys.events(0), f"{ahead}-0")
    end = datetime.fromtimestamp((ahead - 30_000) / 1000, UTC)
    after = await organise(vote_until=end.isoformat())
    result = await services.batcher.cast(Vote(project_id, user.id, 0))
    assert milliseconds(after.vote_until) > ahead
    assert result.status is Status.ACCEPTED
    await services.persist_events()
    assert all(event["created_at"] < after.vote_until for event in await board.events(project_id))
