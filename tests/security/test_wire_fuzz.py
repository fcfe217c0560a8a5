"""Requests that are odd on the wire: no 5xx, no hang, one answer each, steady memory.

FUZZ_INPUTS says how many `make fuzz` sends, 100,000 by default, and FUZZ_SEED repeats a run.
"""

import faulthandler
import os
import time

import psutil
import pytest

from tests.conftest import NO_LIMITS
from tests.ports import free_port
from tests.processes import running, until_alive
from tests.security.watch import MEGABYTE, Watch
from tests.security.wire import Wire
from tests.security.wire_attack import WireAttack
from tests.support import session_cookie

LIMITS = {**NO_LIMITS, "auth_limit_max": 60}  # few passwords are hashed: each takes 64 MB
STEADY = 20 * MEGABYTE  # how much memory may grow after the first fifth of a run
BATCHES = 20
LONGEST = 3_600.0  # s, after which a run of `make fuzz` ends with what it has sent
INPUTS, SEED = int(os.environ.get("FUZZ_INPUTS", 100_000)), os.environ.get("FUZZ_SEED")


@pytest.mark.parametrize(
    ("count", "seed"),
    [
        pytest.param(300, 1, id="short"),
        pytest.param(INPUTS, int(SEED or time.time()), id="long", marks=pytest.mark.fuzz),
    ],
)
async def test_what_is_odd_on_the_wire_breaks_nothing(settings, app, board, count, seed):
    user = await board.user()
    cookies = [session_cookie(app, account) for account in (user, await board.user())]
    project_id, port, started = await board.project(), free_port(), time.monotonic()
    if count > 1000:
        faulthandler.cancel_dump_traceback_later()  # a run takes minutes, which is expected
    async with running("web", settings, port=port, log_level="ERROR", **LIMITS) as pid:
        await until_alive(port)
        attack, watch = (
            WireAttack(port, Wire(cookies, project_id, seed)),
            Watch(port, psutil.Process(pid)),
        )
        async with watch.looking():
            while sum(attack.sent.values()) < count and time.monotonic() - started < LONGEST:
                await attack.run(-(-count // BATCHES))
                await attack.check_honest(cookies[0], project_id, user.username)
                watch.sample()
                seconds = time.monotonic() - started
                print(f"{sum(attack.sent.values())} of {count} inputs in {seconds:.0f} s; {watch}")
        await watch.until_alone()
    print(f"seed {seed}, sent {dict(attack.sent.most_common())}")
    print(f"came {dict(attack.came.most_common())}")
    assert not attack.wrong, attack.wrong[:3]
    assert count < 1000 or watch.growth() < STEADY
