"""The time of a refused sign-in does not reveal whether the account exists.

A thousand tries of each kind, in pairs of random order, one at a time, over the socket. The two samples
are compared with the Mann-Whitney U test, which asks nothing of their distribution: with p below ALPHA
they count as different. ALPHA is small because the test is run often.
"""

import math
import random
import secrets
import statistics
import time

import pytest

from app.accounts.passwords import hash_password
from app.accounts.queries import insert_user
from tests.http import Connection
from tests.processes import running_web

TRIES, ALPHA = 1000, 0.001
MAX_DIFFERENCE = 0.05  # largest difference of the medians, as a share of one attempt


def mann_whitney(first: list[float], second: list[float]) -> tuple[float, float]:
    """Return in what share of pairs the first is greater, and p of the two-sided test (normal)."""
    ranked = sorted((value, number) for number, side in enumerate((first, second)) for value in side)
    ranks = sum(rank for rank, (_, number) in enumerate(ranked, 1) if number == 0)
    n, m = len(first), len(second)
    u = ranks - n * (n + 1) / 2
    z = (u - n * m / 2) / math.sqrt(n * m * (n + m + 1) / 12)
    return u / (n * m), math.erfc(abs(z) / math.sqrt(2))


def test_the_statistic_detects_a_difference():
    same = [random.Random(seed).gauss(1, 0.1) for seed in range(2000)]
    assert mann_whitney(same[:1000], same[1000:])[1] > ALPHA
    assert mann_whitney(same[:1000], [value + 0.02 for value in same[1000:]])[1] < ALPHA


@pytest.mark.long
async def test_a_refused_sign_in_takes_the_same_time_with_and_without_an_account(settings, db):
    password_hash = await hash_password("correct horse")
    there = [f"t-{secrets.token_hex(5)}" for _ in range(20)]
    absent = [f"t-{secrets.token_hex(5)}" for _ in range(20)]
    for name in there:
        await insert_user(db, name, password_hash)
    took: dict[bool, list[float]] = {True: [], False: []}
    async with (
        running_web(settings, auth_limit_max=0, log_level="ERROR") as port,
        Connection(port) as connection,
    ):
        for name in (absent[0], there[0]):
            await refused(connection, name)  # the first attempts load modules and caches
        for _ in range(TRIES):
            for exists in random.sample((True, False), 2):
                name = random.choice(there if exists else absent)
                took[exists].append(await refused(connection, name))
    share, p = mann_whitney(took[True], took[False])
    middles = [statistics.median(took[exists]) for exists in (True, False)]
    apart = abs(middles[0] - middles[1]) / middles[1]
    print(f"medians {1000 * middles[0]:.2f} and {1000 * middles[1]:.2f} ms, {apart:.2%} apart")
    print(f"slower with an account in {share:.1%} of all pairs, p = {p:.3f}")
    assert p > ALPHA
    assert apart < MAX_DIFFERENCE


async def refused(connection: Connection, name: str) -> float:
    """Return the seconds until a sign-in is refused."""
    started = time.perf_counter()
    reply = await connection.post("/login", {"username": name, "password": "wrong horse"})
    assert reply.status == 422
    return time.perf_counter() - started
