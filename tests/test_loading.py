"""What takes long once in a process does not hold up votes."""

import ast
import subprocess
import sys
import threading
from functools import cache
from math import prod

from app.loading import load_in_thread

THRESHOLDS = """
import gc
from app.loading import collect_seldom, freeze_loaded
collect_seldom()
at_start = gc.get_threshold()
freeze_loaded()
print([at_start, gc.get_threshold()])
"""


def test_looks_for_garbage_are_short_and_those_at_everything_stay_as_rare():
    run = subprocess.run([sys.executable, "-c", THRESHOLDS], capture_output=True, check=True)
    at_start, serving = ast.literal_eval(run.stdout.decode())
    assert serving[0] <= at_start[0] / 10
    assert prod(serving) >= prod(at_start)


async def test_the_first_call_is_made_in_a_thread_and_no_other_one():
    threads = []

    @cache
    def load() -> None:
        threads.append(threading.current_thread())

    for _ in range(3):
        await load_in_thread(load)
    [used] = threads
    assert used is not threading.current_thread()
