"""Redis comes back empty, another's or just as it was; PostgreSQL may be away meanwhile."""

import asyncio

import pytest

from app.errors import VotesUnavailable
from app.services import open_services
from app.voting import keys
from app.voting.persist import ForeignRedis
from app.voting.queries import VERSION_LEAP
from app.voting.sync import sync_tallies
from app.voting.votes import Tally, Vote
from workers.sync_tallies import sync_tallies as sync_tallies_job


async def test_the_first_vote_begins_the_first_epoch(house):
    assert await house.vote(await house.board.project()) == Tally(1, 0, 1)
    assert await house.epochs() == ["first"]


async def test_a_redis_that_restarts_with_its_data_goes_on_where_it_was(house):
    project_id = await house.board.project()
    await house.vote(project_id)
    house.valkey.kill9()
    house.valkey.restart()
    await house.until_redis_is_asked_again()
    assert await house.vote(project_id) == Tally(2, 0, 2)
    assert await house.epochs() == ["first"]
    assert await house.persist() == 2


async def test_an_emptied_redis_begins_anew_from_postgresql(house):
    project_id = await house.board.project()
    for _ in range(3):
        await house.vote(project_id)
    await house.persist()
    await house.vote(project_id, -1)  # acknowledged, not persisted: the only one that is lost
    await house.services.redis.flushall()
    tally = await house.vote(project_id)
    assert (tally.upvotes, tally.downvotes) == (4, 0)
    assert tally.version == 3 + VERSION_LEAP + 1  # 4 was told to somebody and is never told again
    assert await house.epochs() == ["first", "emptied"]
    await house.persist()
    assert len(await house.board.votes(project_id)) == 4
    assert (await house.vote(project_id)).version == 3 + VERSION_LEAP + 2


async def test_a_project_made_after_the_loss_starts_at_one(house):
    await house.vote(await house.board.project())
    await house.persist()
    await house.services.redis.flushall()
    assert await house.vote(await house.board.project()) == Tally(1, 0, VERSION_LEAP + 1)
    assert await house.vote(await house.board.project()) == Tally(1, 0, 1)


async def test_pages_of_an_emptied_redis_fall_back_to_the_persisted_tallies(house):
    project_id = await house.board.project()
    await house.vote(project_id)
    await house.persist()
    await house.services.redis.flushall()
    assert await house.services.functions.read([project_id]) == {}
    await sync_tallies_job(house.services)
    synced = await house.services.db.fetchval("SELECT upvotes FROM projects WHERE id = $1", project_id)
    assert synced == 1  # though Redis no longer knew that it had changed


async def test_a_tally_that_was_synced_and_then_lost_is_counted_anew(house):
    project_id = await house.board.project()
    for _ in range(3):
        await house.vote(project_id)
    await sync_tallies_job(house.services)  # before anything is persisted
    await house.services.redis.flushall()
    await house.services.functions.compare(0)
    assert await house.synced(project_id) == (0, 0, 3)
    momentum = await house.services.db.fetchval(
        "SELECT momentum FROM projects WHERE id = $1", project_id
    )
    assert momentum == pytest.approx(0, abs=0.01)  # the lost votes do not make it rise
    assert (await house.vote(project_id)) == Tally(1, 0, 3 + VERSION_LEAP + 1)


async def test_a_sync_that_read_before_a_loss_writes_nothing_after_it(house, monkeypatch):
    project_id = await house.board.project()
    await house.vote(project_id)
    read = house.services.functions.read

    async def read_and_lose(project_ids):
        standings = await read(project_ids)
        await house.services.redis.flushall()
        await house.services.functions.compare(0)
        return standings

    with monkeypatch.context() as patch:
        patch.setattr(house.services.functions, "read", read_and_lose)
        await sync_tallies(house.services.redis, house.services.db, house.services.functions, 0)
    assert await house.synced(project_id) == (0, 0, 0)


async def test_events_of_a_redis_with_a_slow_clock_are_not_skipped(house):
    project_id = await house.board.project()
    await house.vote(project_id)
    await house.persist()
    await house.services.db.execute(
        "UPDATE stream_checkpoints SET last_ms = last_ms + 3600000"  # an hour ahead of Redis
    )
    await house.services.redis.flushall()
    await house.vote(project_id)
    assert await house.persist() == 1
    assert len(await house.board.votes(project_id)) == 2


async def test_another_sites_redis_is_not_persisted_and_begins_anew(house):
    project_id = await house.board.project()
    await house.vote(project_id)
    await house.persist()
    await house.services.db.execute("UPDATE stream_checkpoints SET epoch = 'anothers'")
    await house.vote(project_id)  # the fence is still open: nobody has looked at PostgreSQL yet
    with pytest.raises(ForeignRedis):
        await house.persist()
    await house.services.functions.compare(0)
    assert await house.epochs() == ["first", "foreign"]
    assert (await house.vote(project_id)).upvotes == 2
    assert await house.persist() == 1
    assert len(await house.board.events(project_id)) == 2


async def test_a_redis_with_a_past_is_foreign_to_a_new_database(house):
    await house.services.redis.set(keys.epoch(0), "anothers")
    await house.services.redis.xadd(keys.events(0), {"vote": "1 1 0 1 77"})
    await house.vote(await house.board.project())
    assert await house.epochs() == ["foreign"]
    assert await house.persist() == 1


async def test_two_processes_that_compare_at_once_agree(house):
    project_id = await house.board.project()
    await house.vote(project_id)
    await house.persist()
    async with open_services(house.services.settings) as other:
        await house.services.redis.flushall()
        users = await house.board.users(10)
        desks = [house.services.batcher, other.batcher] * 5
        await asyncio.gather(
            *[d.cast(Vote(project_id, u.id, 1)) for d, u in zip(desks, users, strict=True)]
        )
    assert await house.epochs() == ["first", "emptied"]
    assert (await house.vote(project_id)).upvotes == 12


async def test_with_postgresql_away_an_unknown_redis_takes_no_votes(house, monkeypatch):
    project_id = await house.board.project()
    user = await house.board.user()
    await house.vote(project_id)
    await house.services.redis.execute_command("FUNCTION", "FLUSH")  # forgets what it was admitted to
    with monkeypatch.context() as patch:
        patch.setattr("app.voting.persist.lock_checkpoint", _away)
        with pytest.raises(VotesUnavailable):
            await house.services.batcher.cast(Vote(project_id, user.id, 1))
    assert (await house.services.batcher.cast(Vote(project_id, user.id, 1))).tally == Tally(2, 0, 2)


async def _away(*_, **__):
    raise ConnectionRefusedError("PostgreSQL is away")


async def test_a_stranger_in_the_stream_does_not_hold_up_the_others(house):
    project_id = await house.board.project()
    await house.vote(project_id)
    await house.services.redis.xadd(keys.events(0), {"vote": "999999 1 0 1 1"})
    await house.vote(project_id)
    assert await house.persist() == 3
    assert len(await house.board.events(project_id)) == 2
    rejected = await house.services.db.fetchval("SELECT vote FROM vote_events_rejected")
    assert rejected == "999999 1 0 1 1"


@pytest.mark.parametrize("stranger", ["user", "project"])
async def test_a_stranger_who_took_a_vote_back_is_not_in_the_log(house, stranger):
    """No vote of theirs is left that PostgreSQL would refuse by itself."""
    project_id, user = await house.board.project(), await house.board.user()
    await house.vote(project_id)
    known = {"project": project_id, "user": user.id} | {stranger: 999999}
    for version, change in ((2, "0 1"), (3, "1 0")):
        vote = f"{known['project']} {known['user']} {change} {version}"
        await house.services.redis.xadd(keys.events(0), {"vote": vote})
    assert await house.persist() == 3
    assert await house.services.db.fetchval("SELECT count(*) FROM vote_events WHERE version > 1") == 0
    assert await house.services.db.fetchval("SELECT count(*) FROM vote_events_rejected") == 2


async def test_a_project_is_cooled_only_when_postgresql_has_all_of_it(house):
    project_id = await house.board.project()
    cool = house.services.functions.cool
    await house.vote(project_id)
    assert not await cool(project_id, 0, 0)  # its event is not persisted
    await house.persist()
    assert not await cool(project_id, 1, 0)  # its tally is not synced
    await sync_tallies(house.services.redis, house.services.db, house.services.functions, 0)
    assert not await cool(project_id, 1, 3600)  # it was in use just now
    assert await cool(project_id, 1, 0)
    assert await house.services.functions.read([project_id]) == {}
    assert await house.vote(project_id) == Tally(2, 0, 2)


async def test_a_project_without_a_change_since_it_was_hydrated_is_cooled(house):
    project_id = await house.board.project()
    await house.vote(project_id)
    await house.persist()
    await house.services.redis.flushall()
    user = await house.board.user()
    await house.services.batcher.cast(Vote(project_id, user.id, 0))  # hydrates, changes nothing
    assert await house.services.functions.cool(project_id, 1, 0)  # though it stands above event 1


async def test_hydrating_a_hot_project_leaves_no_claim_behind(house):
    project_id = await house.board.project()
    await house.vote(project_id)
    await house.services.redis.set(keys.claim(0, project_id), "mine")
    assert not await house.services.functions.install(0, project_id, "mine", Tally(0, 0, 0))
    assert not await house.services.redis.exists(keys.claim(0, project_id))
