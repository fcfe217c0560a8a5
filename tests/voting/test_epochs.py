"""Redis comes back unchanged, empty or with the data of another board, also without PostgreSQL."""

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


async def test_the_first_vote_begins_the_first_epoch(fresh_board):
    assert await fresh_board.vote(await fresh_board.board.project()) == Tally(1, 0, 1)
    assert await fresh_board.epochs() == ["first"]


async def test_a_redis_that_restarts_with_its_data_keeps_its_epoch(fresh_board):
    project_id = await fresh_board.board.project()
    await fresh_board.vote(project_id)
    fresh_board.valkey.kill9()
    fresh_board.valkey.restart()
    await fresh_board.until_redis_answers()
    assert await fresh_board.vote(project_id) == Tally(2, 0, 2)
    assert await fresh_board.epochs() == ["first"]
    assert await fresh_board.persist() == 2


async def test_a_process_that_has_cast_no_vote_misses_none_before_the_first_persist(fresh_board):
    project_id = await fresh_board.board.project()
    await fresh_board.vote(project_id)
    async with open_services(fresh_board.services.settings) as other:
        assert not await other.functions.compare(0)
    assert await fresh_board.vote(project_id) == Tally(2, 0, 2)
    assert await fresh_board.epochs() == ["first"]


async def test_an_emptied_redis_gets_a_new_epoch_from_postgresql(fresh_board):
    project_id = await fresh_board.board.project()
    for _ in range(3):
        await fresh_board.vote(project_id)
    await fresh_board.persist()
    await fresh_board.vote(project_id, -1)  # acknowledged but not persisted: the only vote that is lost
    await fresh_board.services.redis.flushall()
    tally = await fresh_board.vote(project_id)
    assert (tally.upvotes, tally.downvotes) == (4, 0)
    assert tally.version == 3 + VERSION_LEAP + 1  # 4 was acknowledged and is never used again
    assert await fresh_board.epochs() == ["first", "emptied"]
    await fresh_board.persist()
    assert len(await fresh_board.board.votes(project_id)) == 4
    assert (await fresh_board.vote(project_id)).version == 3 + VERSION_LEAP + 2


async def test_a_project_made_after_the_loss_starts_at_version_one(fresh_board):
    await fresh_board.vote(await fresh_board.board.project())
    await fresh_board.persist()
    await fresh_board.services.redis.flushall()
    assert await fresh_board.vote(await fresh_board.board.project()) == Tally(1, 0, VERSION_LEAP + 1)
    assert await fresh_board.vote(await fresh_board.board.project()) == Tally(1, 0, 1)


async def test_pages_show_the_persisted_tallies_after_redis_was_emptied(fresh_board):
    project_id = await fresh_board.board.project()
    await fresh_board.vote(project_id)
    await fresh_board.persist()
    await fresh_board.services.redis.flushall()
    assert await fresh_board.services.functions.read([project_id]) == {}
    await sync_tallies_job(fresh_board.services)
    synced = await fresh_board.services.db.fetchval(
        "SELECT upvotes FROM projects WHERE id = $1", project_id
    )
    assert synced == 1  # even though Redis had lost the mark of the change


async def test_a_tally_that_was_synced_and_then_lost_is_recounted(fresh_board):
    project_id = await fresh_board.board.project()
    for _ in range(3):
        await fresh_board.vote(project_id)
    await sync_tallies_job(fresh_board.services)  # before anything is persisted
    await fresh_board.services.redis.flushall()
    await fresh_board.services.functions.compare(0)
    assert await fresh_board.synced(project_id) == (0, 0, 3)
    momentum = await fresh_board.services.db.fetchval(
        "SELECT momentum FROM projects WHERE id = $1", project_id
    )
    assert momentum == pytest.approx(0, abs=0.01)  # the lost votes add nothing to the momentum
    assert (await fresh_board.vote(project_id)) == Tally(1, 0, 3 + VERSION_LEAP + 1)


async def test_a_sync_that_read_before_a_loss_writes_nothing_after_it(fresh_board, monkeypatch):
    project_id = await fresh_board.board.project()
    await fresh_board.vote(project_id)
    read = fresh_board.services.functions.read

    async def read_and_lose(project_ids):
        states = await read(project_ids)
        await fresh_board.services.redis.flushall()
        await fresh_board.services.functions.compare(0)
        return states

    with monkeypatch.context() as patch:
        patch.setattr(fresh_board.services.functions, "read", read_and_lose)
        await sync_tallies(
            fresh_board.services.redis, fresh_board.services.db, fresh_board.services.functions, 0
        )
    assert await fresh_board.synced(project_id) == (0, 0, 0)


async def test_events_of_a_redis_with_a_slow_clock_are_not_skipped(fresh_board):
    project_id = await fresh_board.board.project()
    await fresh_board.vote(project_id)
    await fresh_board.persist()
    await fresh_board.services.db.execute(
        "UPDATE stream_checkpoints SET last_ms = last_ms + 3600000"  # an hour ahead of Redis
    )
    await fresh_board.services.redis.flushall()
    await fresh_board.vote(project_id)
    assert await fresh_board.persist() == 1
    assert len(await fresh_board.board.votes(project_id)) == 2


async def test_events_of_an_epoch_that_postgresql_has_left_are_taken_in(fresh_board):
    project_id = await fresh_board.board.project()
    await fresh_board.vote(project_id)
    await fresh_board.persist()
    await fresh_board.services.db.execute("UPDATE stream_checkpoints SET epoch = 'anothers'")
    await fresh_board.vote(project_id)  # not compared with PostgreSQL yet
    with pytest.raises(ForeignRedis):
        await fresh_board.persist()
    await fresh_board.services.functions.compare(0)
    assert await fresh_board.epochs() == ["first", "diverged"]
    assert (await fresh_board.vote(project_id)).upvotes == 3
    assert await fresh_board.persist() == 1
    assert len(await fresh_board.board.events(project_id)) == 3


async def test_a_redis_with_events_is_foreign_to_a_new_database(fresh_board):
    await fresh_board.services.redis.set(keys.epoch(0), "anothers")
    await fresh_board.services.redis.xadd(keys.events(0), {"vote": "1 1 0 1 77"})
    await fresh_board.vote(await fresh_board.board.project())
    assert await fresh_board.epochs() == ["foreign"]
    assert await fresh_board.persist() == 1
    [event] = await fresh_board.services.db.fetch("SELECT * FROM vote_events_set_aside")
    assert (event["epoch"], event["version"], event["finished_at"]) == ("anothers", 77, None)


async def test_two_processes_that_compare_at_once_agree(fresh_board):
    project_id = await fresh_board.board.project()
    await fresh_board.vote(project_id)
    await fresh_board.persist()
    async with open_services(fresh_board.services.settings) as other:
        await fresh_board.services.redis.flushall()
        users = await fresh_board.board.users(10)
        desks = [fresh_board.services.batcher, other.batcher] * 5
        await asyncio.gather(
            *[d.cast(Vote(project_id, u.id, 1)) for d, u in zip(desks, users, strict=True)]
        )
    assert await fresh_board.epochs() == ["first", "emptied"]
    assert (await fresh_board.vote(project_id)).upvotes == 12


async def test_with_postgresql_away_an_unknown_redis_takes_no_votes(fresh_board, monkeypatch):
    project_id = await fresh_board.board.project()
    user = await fresh_board.board.user()
    await fresh_board.vote(project_id)
    await fresh_board.services.redis.execute_command("FUNCTION", "FLUSH")  # forgets the epoch
    with monkeypatch.context() as patch:
        patch.setattr("app.voting.persist.lock_checkpoint", _away)
        with pytest.raises(VotesUnavailable):
            await fresh_board.services.batcher.cast(Vote(project_id, user.id, 1))
    assert (await fresh_board.services.batcher.cast(Vote(project_id, user.id, 1))).tally == Tally(
        2, 0, 2
    )


async def _away(*_, **__):
    raise ConnectionRefusedError("PostgreSQL is away")


async def test_an_event_of_an_unknown_owner_does_not_block_the_others(fresh_board):
    project_id = await fresh_board.board.project()
    await fresh_board.vote(project_id)
    await fresh_board.services.redis.xadd(keys.events(0), {"vote": "999999 1 0 1 1"})
    await fresh_board.vote(project_id)
    assert await fresh_board.persist() == 3
    assert len(await fresh_board.board.events(project_id)) == 2
    rejected = await fresh_board.services.db.fetchval("SELECT vote FROM vote_events_rejected")
    assert rejected == "999999 1 0 1 1"


@pytest.mark.parametrize("unknown", ["user", "project"])
async def test_a_vote_of_an_unknown_owner_that_was_taken_back_is_not_in_the_event_log(
    fresh_board, unknown
):
    """A vote that was taken back leaves no row in `votes` that PostgreSQL would refuse."""
    project_id, user = await fresh_board.board.project(), await fresh_board.board.user()
    await fresh_board.vote(project_id)
    known = {"project": project_id, "user": user.id} | {unknown: 999999}
    for version, change in ((2, "0 1"), (3, "1 0")):
        vote = f"{known['project']} {known['user']} {change} {version}"
        await fresh_board.services.redis.xadd(keys.events(0), {"vote": vote})
    assert await fresh_board.persist() == 3
    assert (
        await fresh_board.services.db.fetchval("SELECT count(*) FROM vote_events WHERE version > 1")
        == 0
    )
    assert await fresh_board.services.db.fetchval("SELECT count(*) FROM vote_events_rejected") == 2


async def test_a_project_is_evicted_only_when_postgresql_has_all_of_it(fresh_board):
    project_id = await fresh_board.board.project()
    cool = fresh_board.services.functions.cool
    await fresh_board.vote(project_id)
    assert not await cool(project_id, 0, 0)  # its event is not persisted
    await fresh_board.persist()
    assert not await cool(project_id, 1, 0)  # its tally is not synced
    await sync_tallies(
        fresh_board.services.redis, fresh_board.services.db, fresh_board.services.functions, 0
    )
    await fresh_board.services.redis.hincrby(keys.tally(0, project_id), "used", -60_000)
    assert not await cool(project_id, 0, 0)  # an event of a synced tally is not persisted
    assert not await cool(project_id, 1, 3600)  # it was voted on a minute ago
    assert await cool(project_id, 1, 0)
    assert await fresh_board.services.functions.read([project_id]) == {}
    assert await fresh_board.vote(project_id) == Tally(2, 0, 2)


async def test_a_project_without_a_change_since_hydration_is_evicted(fresh_board):
    project_id = await fresh_board.board.project()
    await fresh_board.vote(project_id)
    await fresh_board.persist()
    await fresh_board.services.redis.flushall()
    user = await fresh_board.board.user()
    await fresh_board.services.batcher.cast(Vote(project_id, user.id, 0))  # hydrates, changes nothing
    assert await fresh_board.services.functions.cool(
        project_id, 1, 0
    )  # even though its version is above event 1


async def test_hydrating_a_cached_project_leaves_no_claim_behind(fresh_board):
    project_id = await fresh_board.board.project()
    await fresh_board.vote(project_id)
    await fresh_board.services.redis.set(keys.claim(0, project_id), "mine")
    assert not await fresh_board.services.functions.install(0, project_id, "mine", Tally(0, 0, 0))
    assert not await fresh_board.services.redis.exists(keys.claim(0, project_id))
