"""PostgreSQL away, Redis away, Redis emptied, Redis older, everything away: real processes."""

import re
import time

import pytest

from app.voting import keys
from tests.chaos.check import Verdict
from tests.chaos.house import House, assert_all_run, assert_good
from tests.stack.test_votes import box
from tests.waiting import until

pytestmark = pytest.mark.long

# As many as come in a minute of more than 500 a second, on a machine that is quick enough.
A_MINUTES_VOTES = 30_000


@pytest.mark.parametrize(("how", "votes"), [("killed", 800), ("hanging", 400)])
async def test_votes_on_hot_projects_go_on_without_postgresql(house, how, votes):
    async with house.crowd.voting():
        await house.until_all_hot()
        first = len(house.crowd.history)
        with house.absent(house.stack.postgres, how):
            for _ in range(4):
                await house.crowd.until_more(votes // 4)
                await assert_the_database_is_said_to_be_away(house)
            meanwhile = house.crowd.history[first:]
        await house.stack.bring_up(house.stack.postgres)
    # Those without an answer yet were under way when PostgreSQL came back.
    assert {intent.status for intent in meanwhile if intent.answered} == {200}
    assert_good(await house.verdict())


async def test_what_an_absence_of_postgresql_held_back_is_persisted_by_the_first_run_after_it(house):
    house.crowd.pause = 0.01  # 16 clients then make far more than 500 votes a second
    async with house.crowd.voting():
        await house.until_all_hot()
        first = len(house.crowd.history)
        house.stack.postgres.kill9()
        await house.crowd.until_more(A_MINUTES_VOTES)
        meanwhile = house.crowd.history[first:]
    assert {intent.status for intent in meanwhile if intent.answered} == {200}
    held_back, back = await house.redis.xlen(keys.events(0)), time.time()
    await house.stack.bring_up(house.stack.postgres)
    began = await house.run_since("persist_events", back)
    assert await house.redis.xlen(keys.events(0)) == 0
    print(f"{held_back} events, persisted within {time.time() - began:.1f} s of the run's beginning")
    assert_good(await house.verdict())


async def assert_the_database_is_said_to_be_away(house: House) -> None:
    front = await house.get("/")
    assert front.status == 503
    assert "The database is away" in front.text
    assert (await house.get("/healthz")).status == 200


@pytest.mark.parametrize("how", ["killed", "hanging"])
async def test_without_redis_pages_are_served_and_votes_are_asked_to_wait(house, how):
    assert (await house.vote(1)).status == 200
    await house.rest()
    with house.absent(house.stack.valkey, how):
        for _ in range(3):
            await assert_pages_come_from_postgresql(house)
            refused = await house.vote(-1)
            assert refused.status == 503
            assert int(refused.headers["retry-after"]) > 0
            assert (await house.get("/readyz")).status == 503
            assert (await house.get("/healthz")).status == 200
    await house.stack.start_servers()
    await house.until_it_takes_votes(-1)
    assert (await house.get("/readyz")).status == 200
    assert (await house.rest()).votes == {(house.project_id, house.user_id): -1}
    assert_all_run(house.stack)


async def assert_pages_come_from_postgresql(house: House) -> None:
    """Lists and the project, with the last synced score and one's own vote."""
    assert (await house.get("/")).status == 200
    for path in ("/?sort=new", f"/projects/{house.project_id}"):
        page = await house.get(path)
        assert page.status == 200
        widget = page.text.split(f'id="vote-box-{house.project_id}"')[1].split("</div>")[0]
        assert box(widget)[0] == 1
        assert re.findall(r'data-score="(-?\d+)"', widget) == ["1"]


async def test_an_emptied_redis_costs_only_what_was_not_persisted(house):
    async with house.crowd.voting():
        await house.until_more_are_persisted()
        kept = await house.persisted()
        await house.redis.flushall()
        emptied = time.time()
        for path in ("/", f"/projects/{house.project_id}"):
            assert (await house.get(path)).status == 200
        await house.until_all_vote_again()
        await house.until_more_are_persisted()
    verdict = await house.verdict()
    assert_good(verdict, but={"lost"})
    assert_only_lost(verdict, kept, emptied)
    await assert_the_page_agrees(house)


async def test_an_older_redis_takes_nothing_back(house):
    """Its stream holds events that were persisted after the copy was taken."""
    await make_a_copy_with_events_that_wait(house)
    async with house.crowd.voting():
        await house.until_more_are_persisted()
    await house.rest()
    await house.restore_redis()
    async with house.crowd.voting():
        await house.until_all_vote_again()
        await house.until_more_are_persisted()
    assert_good(await house.verdict())
    await assert_the_page_agrees(house)


async def test_an_older_redis_under_load_costs_only_what_was_not_persisted(house):
    await make_a_copy_with_events_that_wait(house)
    async with house.crowd.voting():
        await house.until_more_are_persisted()
        kept = await house.persisted()
        ended = await house.restore_redis()
        await house.until_all_vote_again()
        await house.until_more_are_persisted()
    verdict = await house.verdict()
    assert_good(verdict, but={"lost"})
    assert_only_lost(verdict, kept, ended)
    await assert_the_page_agrees(house)


async def make_a_copy_with_events_that_wait(house: House) -> None:
    async with house.crowd.voting():
        await house.until_more_are_persisted()
        for worker in house.stack.workers:
            worker.pause()
        await house.crowd.until_more(100)
    await house.copy_redis()
    for worker in house.stack.workers:
        worker.resume()


def assert_only_lost(verdict: Verdict, kept: dict[int, int], moment: float) -> None:
    """Votes of before the moment that were not persisted (`kept`: project -> version)."""
    for intent in verdict.lost:
        assert intent.version > kept.get(intent.project_id, 0), intent
        assert intent.sent < moment, intent


async def assert_the_page_agrees(house: House) -> None:
    """The page shows what PostgreSQL holds."""
    ledger = await house.rest()
    page = (await house.get(f"/projects/{house.project_id}")).text
    upvotes, downvotes, _ = ledger.tallies[house.project_id]
    assert f'data-score="{upvotes - downvotes}"' in page
    vote = ledger.votes.get((house.project_id, house.user_id), 0)
    assert f'data-vote="{vote}"' in page


@pytest.mark.parametrize("order", [("postgres", "valkey"), ("valkey", "postgres")])
async def test_web_and_worker_wait_for_servers_that_are_not_there_yet(house, order):
    stack = house.stack
    for program in stack.programs:
        program.kill9()
    said = [worker.log.stat().st_size for worker in stack.workers]
    await stack.start_upvote()
    for _ in range(3):
        assert (await house.get("/")).status == 503
        assert (await house.get("/readyz")).status == 503
        assert (await house.vote(1)).status == 503
    for worker, size in zip(stack.workers, said, strict=True):
        await until(lambda log=worker.log, size=size: b"it is started again" in log.read_bytes()[size:])
    for name in order:
        await stack.bring_up(getattr(stack, name))
    assert_all_run(stack)
    await house.until_it_takes_votes(1)
    assert (await house.rest()).votes == {(house.project_id, house.user_id): 1}
    assert (await house.get("/")).status == 200
