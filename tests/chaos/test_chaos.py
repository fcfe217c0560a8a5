"""The short form of `make chaos`, and the proof that the harness detects a loss."""

import random

import pytest

from tests.chaos.clients import Crowd
from tests.chaos.faults import FaultInjector, schedule
from tests.chaos.run import run, run_with

SHORT_GAP = 1.2  # s at most between two faults
FEW = {"webs": 1, "workers": 1}


async def test_kills_under_load_lose_nothing_and_count_nothing_twice(tmp_path):
    seed = random.randrange(100_000)
    report = await run(tmp_path, seed, schedule(seed, rounds=1, longest_gap=SHORT_GAP))
    assert report.verdict.good, "\n".join([str(report), *report.verdict.offences[:5]])
    assert report.kills.total() == 13


@pytest.mark.long
async def test_the_harness_detects_the_loss_when_valkey_stores_nothing(tmp_path):
    report = await run_with(tmp_path, 1, kill_valkey_while_votes_wait, persistent=False, **FEW)
    assert report.verdict.lost, str(report)
    assert not report.verdict.good


async def kill_valkey_while_votes_wait(injector: FaultInjector, crowd: Crowd) -> None:
    stack = injector.stack
    await crowd.until_more(100)
    for worker in stack.workers:
        worker.pause()
    await crowd.until_more(100)  # no worker persists them
    stack.valkey.kill9()
    await stack.bring_up(stack.valkey)
    for worker in stack.workers:
        worker.resume()
