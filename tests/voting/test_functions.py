"""The Redis functions for votes, on a real Valkey."""

import itertools

import pytest

from app.errors import CastTooLate
from app.voting import keys
from app.voting.functions import CALL_SECONDS, VoteFunctions
from app.voting.redis_clock import RedisClock
from app.voting.votes import Status, Tally, Vote, VoteResult, VoteState
from tests.voting.windows import HOUR, keep_in_window, make_older, now, recorded

WINDOW = 10_000


@pytest.fixture
async def cached(functions, board, redis) -> int:
    """Return the ID of a cached project without votes."""
    project_id = await board.project()
    await redis.set(keys.claim(0, project_id), "t")
    assert await functions.install(0, project_id, "t", Tally(0, 0, 0))
    return project_id


async def cast(functions: VoteFunctions, project_id: int, user_id: int, *values: int) -> VoteResult:
    answers = await functions.cast(0, [Vote(project_id, user_id, value) for value in values])
    return answers[-1]


@pytest.mark.parametrize(("old", "new"), list(itertools.product((1, 0, -1), repeat=2)))
async def test_every_transition_gives_the_exact_tally_and_version(functions, redis, cached, old, new):
    before = await cast(functions, cached, 1, old)
    after = await cast(functions, cached, 1, new)
    changes = (old != 0) + (new != old)
    assert after == VoteResult(
        Status.ACCEPTED, 0, VoteState(Tally(int(new == 1), int(new == -1), changes), new)
    )
    assert before.tally.version == int(old != 0)
    assert await redis.hgetall(keys.votes(0, cached)) == ({b"1": b"%d" % new} if new else {})


async def test_a_repeated_vote_changes_nothing_and_makes_no_event(functions, redis, cached):
    first = await cast(functions, cached, 1, 1)
    events = await redis.xlen(keys.events(0))
    assert await cast(functions, cached, 1, 1) == first
    assert await redis.xlen(keys.events(0)) == events


async def test_one_batch_counts_several_votes_on_one_project(functions, cached):
    votes = [Vote(cached, user, value) for user, value in ((1, 1), (2, -1), (1, -1), (3, 1), (2, 0))]
    answers = await functions.cast(0, votes)
    assert [answer.tally for answer in answers] == [
        Tally(1, 0, 1),
        Tally(1, 1, 2),
        Tally(0, 2, 3),
        Tally(1, 2, 4),
        Tally(1, 1, 5),
    ]


async def test_a_change_is_marked_for_persist_and_for_sync(functions, redis, cached):
    await cast(functions, cached, 7, -1)
    assert await redis.hget(keys.changed(0), cached) == b"1"
    [(_, fields)] = await redis.xrevrange(keys.events(0), count=1)
    assert fields == {b"vote": b"%d 7 0 -1 1" % cached}


async def test_a_vote_on_a_cold_project_changes_nothing(functions, board, redis):
    project_id = await board.project()
    answer = await cast(functions, project_id, 1, 1)
    assert answer.status is Status.COLD
    assert not await redis.exists(keys.votes(0, project_id), keys.rate(0, project_id, 1))


@pytest.fixture
def limited(redis, db, settings) -> VoteFunctions:
    return VoteFunctions(redis, db, settings.model_copy(update={"account_limit_max": 0}))


async def test_the_sixth_vote_in_ten_seconds_is_refused_with_the_current_state(limited, cached, redis):
    values = [1, -1, 1, -1, 1]
    assert (await cast(limited, cached, 1, *values)).status is Status.ACCEPTED
    await keep_in_window(redis, keys.rate(0, cached, 1))
    refused = await cast(limited, cached, 1, -1)
    assert refused.status is Status.OVER_PROJECT_LIMIT
    assert (refused.value, refused.tally) == (1, Tally(1, 0, 5))
    assert refused.wait_ms == WINDOW + 1
    assert refused.retry_after == 10


async def test_the_same_vote_again_counts_towards_the_limit(limited, cached, redis):
    statuses = [(await cast(limited, cached, 1, 1)).status for _ in range(5)]
    await keep_in_window(redis, keys.rate(0, cached, 1))
    statuses += [(await cast(limited, cached, 1, 1)).status for _ in range(5)]
    assert statuses == [Status.ACCEPTED] * 5 + [Status.OVER_PROJECT_LIMIT] * 5


async def test_taking_a_vote_back_is_never_refused(limited, cached, redis):
    await cast(limited, cached, 1, *[1] * 6)
    await keep_in_window(redis, keys.rate(0, cached, 1))
    taken_back = await cast(limited, cached, 1, 0)
    assert (taken_back.status, taken_back.tally) == (Status.ACCEPTED, Tally(0, 0, 2))
    assert (await cast(limited, cached, 1, 1)).status is Status.OVER_PROJECT_LIMIT


async def test_a_vote_that_is_taken_back_counts_towards_the_limit(limited, cached, redis):
    await cast(limited, cached, 1, 1, 0, 1, 0, 1)
    await keep_in_window(redis, keys.rate(0, cached, 1))
    assert (await cast(limited, cached, 1, -1)).status is Status.OVER_PROJECT_LIMIT


async def test_limits_of_other_users_and_projects_are_untouched(limited, board, cached, redis):
    await cast(limited, cached, 1, *[1] * 6)
    assert (await cast(limited, cached, 2, 1)).status is Status.ACCEPTED
    assert not await redis.exists(keys.rate(0, await board.project(), 1))


@pytest.fixture
def hourly(redis, db, settings) -> VoteFunctions:
    """Return functions that accept two votes in an hour."""
    limits = {"rate_limit_window": HOUR // 1000, "rate_limit_max": 2, "account_limit_max": 0}
    return VoteFunctions(redis, db, settings.model_copy(update=limits))


async def test_a_refused_vote_does_not_extend_the_window(redis, hourly, cached):
    key = keys.rate(0, cached, 1)
    await cast(hourly, cached, 1, 1, 1)
    before = await redis.get(key), await redis.pexpiretime(key)
    for _ in range(3):
        assert (await cast(hourly, cached, 1, 1)).status is Status.OVER_PROJECT_LIMIT
    assert (await redis.get(key), await redis.pexpiretime(key)) == before


async def test_a_window_ends_in_its_own_length_after_the_clock_was_set_back(redis, hourly, cached):
    key = keys.rate(0, cached, 1)
    await cast(hourly, cached, 1, 1, 1)
    await make_older(redis, key, -24 * HOUR)
    assert (await cast(hourly, cached, 1, 1)).status is Status.OVER_PROJECT_LIMIT
    assert max(await recorded(redis, key)) <= await now(redis)
    assert await redis.pttl(key) <= HOUR + 1
    await make_older(redis, key, HOUR + 1)
    assert (await cast(hourly, cached, 1, 1)).status is Status.ACCEPTED


async def test_the_time_to_wait_is_the_rest_of_the_window(redis, hourly, cached):
    key = keys.rate(0, cached, 1)
    await cast(hourly, cached, 1, 1, 1)
    await make_older(redis, key, HOUR // 2)
    oldest = (await recorded(redis, key))[0]
    soonest = await now(redis)
    refused = await cast(hourly, cached, 1, 1)
    assert refused.status is Status.OVER_PROJECT_LIMIT
    assert soonest <= oldest + HOUR + 1 - refused.wait_ms <= await now(redis)
    await make_older(redis, key, HOUR // 2 + 1)
    assert (await cast(hourly, cached, 1, 1)).status is Status.ACCEPTED


async def test_the_account_limit_counts_over_all_projects(redis, db, settings, cached, board):
    tight = settings.model_copy(update={"rate_limit_max": 0, "account_limit_max": 3})
    functions = VoteFunctions(redis, db, tight)
    user = (await board.user()).id
    assert (await cast(functions, cached, user, 1, -1, 1)).status is Status.ACCEPTED
    await keep_in_window(redis, keys.account(0, user))
    refused = await cast(functions, cached, user, -1)
    assert refused.status is Status.OVER_ACCOUNT_LIMIT
    assert refused.retry_after == settings.account_limit_window


async def test_the_account_limit_counts_over_all_shards_of_one_server(
    redis, db, settings, board, monkeypatch
):
    async def no_check() -> None: ...

    tight = {"rate_limit_max": 0, "account_limit_max": 3, "vote_shards": 2}
    tight["account_limit_window"] = HOUR // 1000
    functions = VoteFunctions(redis, db, settings.model_copy(update=tight))
    monkeypatch.setattr(functions._sharding, "check", no_check)  # other tests have one shard here
    user, statuses = (await board.user()).id, []
    for _ in range(4):
        project_id = await board.project()
        shard = keys.shard_of(project_id, 2)
        await redis.set(keys.claim(shard, project_id), "t")
        assert await functions.install(shard, project_id, "t", Tally(0, 0, 0))
        [answer] = await functions.cast(shard, [Vote(project_id, user, 1)])
        statuses.append(answer.status)
    assert statuses == [Status.ACCEPTED] * 3 + [Status.OVER_ACCOUNT_LIMIT]
    for key in await redis.keys("{v:1}:*"):  # other tests know only one shard
        await redis.delete(key)
    await db.execute("DELETE FROM stream_checkpoints WHERE shard = 1")


async def test_a_lost_function_is_loaded_again(functions, redis, cached):
    await redis.execute_command("FUNCTION", "FLUSH")
    assert (await cast(functions, cached, 1, 1)).status is Status.ACCEPTED


async def test_clear_synced_keeps_a_project_that_has_changed_since(functions, redis, cached):
    await cast(functions, cached, 1, 1)
    await cast(functions, cached, 2, 1)
    assert await functions.clear_synced(0, [(cached, 1)]) == 0
    assert await redis.hget(keys.changed(0), cached) == b"2"
    assert await functions.clear_synced(0, [(cached, 2)]) == 1


async def test_an_invalid_value_is_refused_before_anything_is_written(functions, redis, cached):
    with pytest.raises(Exception, match="a vote is 1, 0 or -1"):
        await functions.cast(0, [Vote(cached, 1, 1), Vote(cached, 2, 5)])
    assert await redis.hgetall(keys.votes(0, cached)) == {}


async def test_a_ping_may_reach_redis_later_than_a_vote(functions, monkeypatch):
    """Commands ping first; on a busy machine that may take longer than a vote may wait."""
    at = RedisClock.at
    late = int(2000 * CALL_SECONDS)  # ms
    monkeypatch.setattr(RedisClock, "at", lambda clock, moment: max(0, at(clock, moment) - late))
    with pytest.raises(CastTooLate):
        await functions.cast(0, [])
    await functions.ping()
