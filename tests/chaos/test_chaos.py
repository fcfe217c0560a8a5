"""The short form of `make chaos`, and the proof that the harness sees what it looks for."""

import random

from tests.chaos.faults import Fault, schedule
from tests.chaos.run import run


async def test_kills_under_load_lose_nothing_and_count_nothing_twice(tmp_path):
    seed = random.randrange(100_000)
    report = await run(tmp_path, seed, schedule(seed, rounds=1))
    assert report.verdict.good, "\n".join([str(report), *report.verdict.offences[:5]])
    assert report.kills.total() >= 12


async def test_the_harness_sees_the_loss_when_valkey_keeps_nothing(tmp_path):
    faults = [Fault(2, "kill", "valkey", 0, 0.2), Fault(1.5, "kill", "valkey", 0, 0.2)]
    report = await run(tmp_path, 1, faults, persistent=False)
    assert report.verdict.lost, str(report)
    assert not report.verdict.good
