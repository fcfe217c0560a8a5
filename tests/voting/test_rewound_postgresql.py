"""PostgreSQL comes back older than Redis: a standby was promoted, or a snapshot restored."""

import asyncpg
import pytest

from app.errors import VotesUnavailable
from app.voting import keys
from app.voting.functions import VoteFunctions
from app.voting.persist import ForeignRedis
from tests.support import make_cold
from tests.voting.time_travel import DatabaseCopies, drop_kept


@pytest.fixture
async def copies(fresh_board, db: asyncpg.Pool) -> DatabaseCopies:
    return DatabaseCopies(db, await fresh_board.services.db.fetchval("SELECT current_database()"))


@pytest.fixture
async def two_projects(fresh_board, ledger) -> tuple[list[int], list[int]]:
    """Two projects and four users; the first two have voted, and that is persisted."""
    projects = [await fresh_board.board.project() for _ in range(2)]
    users = [user.id for user in await fresh_board.board.users(4)]
    for project_id in projects:
        await ledger.cast(fresh_board.services, project_id, users[0], 1)
        await ledger.cast(fresh_board.services, project_id, users[1], -1)
    await fresh_board.persist()
    return projects, users


async def change_all(fresh_board, ledger, projects, users) -> None:
    """Let each kind of change happen, in several batches of the worker."""
    for values in ((0, 1, 1), (1, 0, -1), (-1, 1, 0)):
        for project_id in projects:
            for user_id, value in zip(users[:3], values, strict=True):
                await ledger.cast(fresh_board.services, project_id, user_id, value)
        await fresh_board.persist()


async def test_votes_that_postgresql_lost_are_written_again(fresh_board, ledger, copies, two_projects):
    copy = await copies.keep()
    await change_all(fresh_board, ledger, *two_projects)
    before = [await fresh_board.board.events(project_id) for project_id in two_projects[0]]
    await ledger.cast(fresh_board.services, two_projects[0][0], two_projects[1][3], 1)  # waits
    await copies.go_back(copy)
    await ledger.assert_kept(fresh_board.services)
    after = [await fresh_board.board.events(project_id) for project_id in two_projects[0]]
    assert after[0][:-1] == before[0]  # with their versions and times
    assert after[1] == before[1]
    assert await fresh_board.epochs() == ["first", "rewound"]
    assert await fresh_board.services.db.fetchval(
        "SELECT is_complete FROM shard_epochs WHERE reason = 'rewound'"
    )


async def test_the_next_vote_is_not_judged_by_an_older_postgresql(
    fresh_board, ledger, copies, two_projects
):
    [project_id, _], users = two_projects
    copy = await copies.keep()
    await change_all(fresh_board, ledger, *two_projects)
    await make_cold(fresh_board.services.redis, project_id)
    await copies.go_back(copy)
    await ledger.cast(fresh_board.services, project_id, users[1], -1)  # what the older one has
    await ledger.assert_kept(fresh_board.services)


async def test_votes_that_are_no_longer_kept_come_from_the_cached_projects(
    fresh_board, ledger, copies, two_projects
):
    copy = await copies.keep()
    await change_all(fresh_board, ledger, *two_projects)
    await drop_kept(fresh_board.services)
    await change_all(fresh_board, ledger, *two_projects)
    await ledger.cast(fresh_board.services, two_projects[0][0], two_projects[1][3], 1)
    await fresh_board.persist()
    await drop_kept(fresh_board.services)
    await copies.go_back(copy)
    await ledger.assert_kept(fresh_board.services)
    assert not await fresh_board.services.db.fetchval(
        "SELECT is_complete FROM shard_epochs WHERE reason = 'rewound'"
    )


async def test_a_postgresql_from_before_the_first_vote_gets_all_of_them(fresh_board, ledger, copies):
    projects = [await fresh_board.board.project() for _ in range(2)]
    users = [user.id for user in await fresh_board.board.users(3)]
    copy = await copies.keep()
    await change_all(fresh_board, ledger, projects, users)
    await copies.go_back(copy)
    await ledger.assert_kept(fresh_board.services)
    assert await fresh_board.epochs() == ["rewound", "rewound"]  # the first epoch is noted again


async def test_a_postgresql_from_before_an_epoch_of_redis_gets_all_votes(
    fresh_board, ledger, copies, two_projects
):
    copy = await copies.keep()
    await change_all(fresh_board, ledger, *two_projects)
    await fresh_board.services.redis.delete(keys.epoch(0))
    await change_all(fresh_board, ledger, *two_projects)
    assert await fresh_board.epochs() == ["first", "emptied"]
    await copies.go_back(copy)
    await ledger.assert_kept(fresh_board.services)
    assert await fresh_board.epochs() == ["first", "rewound", "rewound"]


@pytest.mark.parametrize("step", ["begin", "update_server"])
async def test_a_crash_while_votes_are_written_again_loses_and_repeats_nothing(
    fresh_board, ledger, copies, two_projects, monkeypatch, step
):
    copy = await copies.keep()
    await change_all(fresh_board, ledger, *two_projects)
    await copies.go_back(copy)

    async def crash(*_args, **_options):
        raise ConnectionError("killed")

    target = {
        "begin": "app.voting.epoch_functions.EpochFunctions.begin",
        "update_server": "app.voting.recovery.queries.update_server",
    }
    with monkeypatch.context() as patch:
        patch.setattr(target[step], crash)
        with pytest.raises((VotesUnavailable, ForeignRedis)):
            await fresh_board.services.persist_events()
    await ledger.assert_kept(fresh_board.services)


async def test_a_new_process_finds_votes_that_postgresql_lost(
    fresh_board, ledger, copies, two_projects
):
    copy = await copies.keep()
    await change_all(fresh_board, ledger, *two_projects)
    await copies.go_back(copy)
    await fresh_board.services.redis.execute_command("FUNCTION", "FLUSH")
    settings = fresh_board.services.settings
    functions = VoteFunctions(fresh_board.services.redis, fresh_board.services.db, settings)
    assert await functions.compare(0)
    await ledger.assert_kept(fresh_board.services)
