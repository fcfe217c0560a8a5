"""Every process follows the board's settings, and asks little while nothing changes."""

import pytest

from app.board.board import REDIS_TURNS, Board
from app.board.change import change_board
from app.services import open_services
from app.voting.rules.functions import RuleFunctions
from tests.board.organise import organise
from tests.waiting import until
from workers.main import follow_board

__all__ = ["organise"]


@pytest.fixture
async def another(organise, app, settings) -> Board:
    """Return the board as another process knows it, which has read it."""
    known = app.extensions["upvote"].board
    rules = RuleFunctions(known.rules._caller, known.rules.shards)  # of its own, as `asked` counts
    board = Board(settings, known.db, rules)
    await board.refresh()
    await board.refresh()  # the first one may have had to bring the rules to Redis
    return board


@pytest.fixture
def asked(another, monkeypatch) -> list[int]:
    """Return a list with the revision that Redis said each time that it was asked."""
    state, revisions = another.rules.state, []

    async def ask(shard: int):
        found = await state(shard)
        revisions.append(found.revision)
        return found

    monkeypatch.setattr(another.rules, "state", ask)
    return revisions


async def turn(board: Board) -> None:
    await board.follow(await board.read_revision())


async def test_redis_is_asked_seldom_while_nothing_changes(another, asked):
    for _ in range(3 * REDIS_TURNS):
        await turn(another)
    assert len(asked) == 3


async def test_a_change_is_obeyed_in_the_next_turn(another, asked, app):
    await turn(another)
    await change_board(app.extensions["upvote"].board, None, {"name": "Autumn"})
    await turn(another)
    assert another.settings.name == "Autumn"


async def test_redis_is_asked_in_each_turn_until_it_has_the_rules_of_a_change(
    another, asked, app, monkeypatch
):
    """It may have been away, or the change may not have been committed. Other processes mend it too."""
    state, older = another.rules.state, another.settings.revision

    async def lacks_the_change(shard: int):
        return (await state(shard))._replace(revision=older)

    await change_board(app.extensions["upvote"].board, None, {"budget": "5"})
    with monkeypatch.context() as patch:
        patch.setattr(another.rules, "state", lacks_the_change)
        for _ in range(2 * REDIS_TURNS):
            asked.clear()
            await turn(another)
            assert asked
    await turn(another)  # now it has the rules
    asked.clear()
    for _ in range(REDIS_TURNS - 1):
        await turn(another)
    assert len(asked) <= 1


async def test_while_postgresql_is_away_the_clock_of_redis_is_read(another, asked):
    before = another.settings
    for _ in range(3):
        await another.follow(None)
    assert (len(asked), another.settings) == (3, before)


@pytest.mark.parametrize("report", ["succeeds", "fails"])
async def test_the_worker_follows_by_its_reports(organise, app, settings, report):
    async with open_services(settings) as worker:
        await worker.board.refresh()
        follow_board(worker)
        await change_board(app.extensions["upvote"].board, None, {"name": "Autumn"})
        if report == "succeeds":
            await worker.functions.servers.start(0)
        else:
            worker.functions.servers.on_report(None)
        await until(lambda: worker.board.settings.name == "Autumn", "for the worker to obey")
