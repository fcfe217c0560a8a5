"""Outages of real processes: PostgreSQL or Redis away, Redis emptied or older, or nothing running."""

import re
import time

import pytest

from app.voting import keys
from tests.chaos.busy_stack import BusyStack, assert_all_run, assert_good
from tests.chaos.check import Verdict
from tests.vote_box import vote_and_version
from tests.waiting import until

pytestmark = pytest.mark.long

# As many as come in a minute of more than 500 a second, on a machine that is quick enough.
A_MINUTES_VOTES = 30_000


@pytest.mark.parametrize(("how", "votes"), [("killed", 800), ("hanging", 400)])
async def test_votes_on_cached_projects_go_on_without_postgresql(busy_stack, how, votes):
    async with busy_stack.crowd.voting():
        await busy_stack.until_all_cached()
        first = len(busy_stack.crowd.history)
        with busy_stack.absent(busy_stack.stack.postgres, how):
            for _ in range(4):
                await busy_stack.crowd.until_more(votes // 4)
                await assert_health_reports_postgresql_away(busy_stack)
            meanwhile = busy_stack.crowd.history[first:]
        await busy_stack.stack.bring_up(busy_stack.stack.postgres)
    # Those without an answer yet were under way when PostgreSQL came back.
    assert {intent.status for intent in meanwhile if intent.answered} == {200}
    assert_good(await busy_stack.verdict())


async def test_the_first_run_after_an_outage_of_postgresql_persists_all_waiting_events(
    busy_stack,
):
    busy_stack.crowd.pause = 0.01  # 16 clients then make far more than 500 votes a second
    async with busy_stack.crowd.voting():
        await busy_stack.until_all_cached()
        first = len(busy_stack.crowd.history)
        busy_stack.stack.postgres.kill9()
        await busy_stack.crowd.until_more(A_MINUTES_VOTES)
        meanwhile = busy_stack.crowd.history[first:]
    assert {intent.status for intent in meanwhile if intent.answered} == {200}
    held_back, back = await busy_stack.redis.xlen(keys.events(0)), time.time()
    await busy_stack.stack.bring_up(busy_stack.stack.postgres)
    began = await busy_stack.run_since("persist_events", back)
    assert await busy_stack.redis.xlen(keys.events(0)) == 0
    print(f"{held_back} events, persisted within {time.time() - began:.1f} s of the run's beginning")
    assert_good(await busy_stack.verdict())


async def assert_health_reports_postgresql_away(busy_stack: BusyStack) -> None:
    front = await busy_stack.get("/")
    assert front.status == 503
    assert "The database is not available" in front.text
    assert (await busy_stack.get("/healthz")).status == 200


@pytest.mark.parametrize("how", ["killed", "hanging"])
async def test_without_redis_pages_are_served_and_votes_get_retry_after(busy_stack, how):
    assert (await busy_stack.vote(1)).status == 200
    await busy_stack.until_at_rest()
    with busy_stack.absent(busy_stack.stack.valkey, how):
        for _ in range(3):
            await assert_pages_come_from_postgresql(busy_stack)
            refused = await busy_stack.vote(-1)
            assert refused.status == 503
            assert int(refused.headers["retry-after"]) > 0
            assert (await busy_stack.get("/readyz")).status == 503
            assert (await busy_stack.get("/healthz")).status == 200
    await busy_stack.stack.start_servers()
    await busy_stack.until_it_takes_votes(-1)
    assert (await busy_stack.get("/readyz")).status == 200
    assert (await busy_stack.until_at_rest()).votes == {(busy_stack.project_id, busy_stack.user_id): -1}
    assert_all_run(busy_stack.stack)


async def assert_pages_come_from_postgresql(busy_stack: BusyStack) -> None:
    """Lists and the project, with the last synced score and one's own vote."""
    assert (await busy_stack.get("/")).status == 200
    for path in ("/?sort=new", f"/projects/{busy_stack.project_id}"):
        page = await busy_stack.get(path)
        assert page.status == 200
        widget = page.text.split(f'id="vote-box-{busy_stack.project_id}"')[1].split("</div>")[0]
        assert vote_and_version(widget)[0] == 1
        assert re.findall(r'data-score="(-?\d+)"', widget) == ["1"]


async def test_an_emptied_redis_costs_only_what_was_not_persisted(busy_stack):
    async with busy_stack.crowd.voting():
        await busy_stack.until_more_are_persisted()
        kept = await busy_stack.persisted()
        await busy_stack.redis.flushall()
        emptied = time.time()
        for path in ("/", f"/projects/{busy_stack.project_id}"):
            assert (await busy_stack.get(path)).status == 200
        await busy_stack.until_all_vote_again()
        await busy_stack.until_more_are_persisted()
    verdict = await busy_stack.verdict()
    assert_good(verdict, but={"lost"})
    assert_only_lost(verdict, kept, emptied)
    await assert_the_page_agrees(busy_stack)


async def test_an_older_redis_loses_no_persisted_vote(busy_stack):
    """Its stream holds events that were persisted after the copy was taken."""
    await make_a_copy_with_events_that_wait(busy_stack)
    async with busy_stack.crowd.voting():
        await busy_stack.until_more_are_persisted()
    await busy_stack.until_at_rest()
    await busy_stack.restore_redis()
    async with busy_stack.crowd.voting():
        await busy_stack.until_all_vote_again()
        await busy_stack.until_more_are_persisted()
    assert_good(await busy_stack.verdict())
    await assert_the_page_agrees(busy_stack)


async def test_an_older_redis_under_load_costs_only_what_was_not_persisted(busy_stack):
    await make_a_copy_with_events_that_wait(busy_stack)
    async with busy_stack.crowd.voting():
        await busy_stack.until_more_are_persisted()
        kept = await busy_stack.persisted()
        ended = await busy_stack.restore_redis()
        await busy_stack.until_all_vote_again()
        await busy_stack.until_more_are_persisted()
    verdict = await busy_stack.verdict()
    assert_good(verdict, but={"lost"})
    assert_only_lost(verdict, kept, ended)
    await assert_the_page_agrees(busy_stack)


async def make_a_copy_with_events_that_wait(busy_stack: BusyStack) -> None:
    async with busy_stack.crowd.voting():
        await busy_stack.until_more_are_persisted()
        for worker in busy_stack.stack.workers:
            worker.pause()
        await busy_stack.crowd.until_more(100)
    await busy_stack.copy_redis()
    for worker in busy_stack.stack.workers:
        worker.resume()


def assert_only_lost(verdict: Verdict, kept: dict[int, int], moment: float) -> None:
    """Votes of before the moment that were not persisted (`kept`: project -> version)."""
    for intent in verdict.lost:
        assert intent.version > kept.get(intent.project_id, 0), intent
        assert intent.sent < moment, intent


async def assert_the_page_agrees(busy_stack: BusyStack) -> None:
    """The page shows what PostgreSQL holds."""
    ledger = await busy_stack.until_at_rest()
    page = (await busy_stack.get(f"/projects/{busy_stack.project_id}")).text
    upvotes, downvotes, _ = ledger.tallies[busy_stack.project_id]
    assert f'data-score="{upvotes - downvotes}"' in page
    vote = ledger.votes.get((busy_stack.project_id, busy_stack.user_id), 0)
    assert f'data-vote="{vote}"' in page


@pytest.mark.parametrize("order", [("postgres", "valkey"), ("valkey", "postgres")])
async def test_web_and_worker_wait_for_servers_that_are_not_there_yet(busy_stack, order):
    stack = busy_stack.stack
    for program in stack.programs:
        program.kill9()
    said = [worker.log.stat().st_size for worker in stack.workers]
    await stack.start_upvote()
    for _ in range(3):
        assert (await busy_stack.get("/")).status == 503
        assert (await busy_stack.get("/readyz")).status == 503
        assert (await busy_stack.vote(1)).status == 503
    for worker, size in zip(stack.workers, said, strict=True):
        await until(lambda log=worker.log, size=size: b"is being restarted" in log.read_bytes()[size:])
    for name in order:
        await stack.bring_up(getattr(stack, name))
    assert_all_run(stack)
    await busy_stack.until_it_takes_votes(1)
    assert (await busy_stack.until_at_rest()).votes == {(busy_stack.project_id, busy_stack.user_id): 1}
    assert (await busy_stack.get("/")).status == 200
