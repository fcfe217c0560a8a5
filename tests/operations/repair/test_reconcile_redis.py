"""Reconcile repairs Redis from PostgreSQL without losing events that wait."""

from app.operations.repair.reconcile import reconcile
from app.operations.verify.findings import Kind
from app.voting import keys
from app.voting.functions import VoteFunctions
from tests.operations.repair.outcome import assert_repaired, remains


async def test_a_lock_that_redis_has_lost_is_published_again(own_board, project):
    project_id, _ = project
    await own_board.lock(project_id)
    await own_board.services.redis.hset(keys.tally(0, project_id), "closed", 0)
    outcome = await reconcile(own_board.services, [project_id])
    assert [finding.kind for finding in outcome.repaired] == [Kind.REDIS_CLOSED]
    assert await own_board.services.redis.hget(keys.tally(0, project_id), "closed") == b"1"


async def test_a_tally_in_redis_is_repaired(own_board, project):
    await own_board.services.redis.hset(keys.tally(0, project[0]), "up", 9)
    await assert_repaired(own_board, project[0], Kind.REDIS_TALLY)


async def test_a_wrong_tally_in_redis_that_was_synced_is_repaired_in_both(own_board, project):
    project_id, users = project
    await own_board.services.redis.hset(keys.tally(0, project_id), "up", 9)
    await own_board.cast(project_id, users[0], 0)
    await own_board.settle()
    assert await own_board.synced(project_id) == (8, 1, 7)
    assert await remains(own_board, project_id) == {}
    assert await own_board.synced(project_id) == (2, 1, 7)


async def test_votes_in_redis_are_repaired(own_board, project):
    project_id, users = project
    await own_board.services.redis.hset(keys.votes(0, project_id), users[0], -1)
    await own_board.services.redis.hdel(keys.votes(0, project_id), users[1])
    await assert_repaired(own_board, project_id, Kind.REDIS_TALLY, Kind.REDIS_VOTES)


async def test_redis_is_repaired_without_losing_what_was_not_persisted(own_board, project):
    project_id, users = project
    await own_board.cast(project_id, users[0], -1)
    await own_board.services.redis.hset(keys.votes(0, project_id), users[1], -1)
    assert await remains(own_board, project_id) == {}
    assert await own_board.synced(project_id) == (2, 2, 7)
    assert await own_board.board.votes(project_id) == {
        users[0]: -1, users[1]: 1, users[2]: 1, users[3]: -1
    }  # fmt: skip


async def test_a_project_is_discarded_only_when_all_its_events_are_persisted(
    own_board, project, monkeypatch
):
    project_id, users = project
    discard, waiting = VoteFunctions.discard, []

    async def watched(functions, *arguments):
        waiting.append(await own_board.services.redis.xlen(keys.events(0)))
        return await discard(functions, *arguments)

    monkeypatch.setattr(VoteFunctions, "discard", watched)
    await own_board.cast(project_id, users[0], -1)
    await own_board.services.redis.hset(keys.votes(0, project_id), users[1], -1)
    await reconcile(own_board.services, [project_id])
    assert waiting == [0]
    assert await own_board.services.functions.read([project_id]) == {}


async def test_a_project_with_a_new_vote_is_not_discarded(own_board, project):
    project_id, users = project
    await own_board.cast(project_id, users[0], -1)
    assert not await own_board.services.functions.discard(project_id, 6)
    assert (await own_board.services.functions.read([project_id])).keys() == {project_id}
    assert await own_board.services.functions.discard(project_id, 7)
    assert await own_board.services.functions.read([project_id]) == {}
    await own_board.settle()


async def test_an_older_redis_is_repaired(own_board, project):
    await own_board.services.redis.hset(keys.tally(0, project[0]), "version", 4)
    await assert_repaired(own_board, project[0], Kind.REDIS_VERSION)
