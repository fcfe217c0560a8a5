"""A board that nobody uses asks its servers for little, and needs little memory."""

from typing import Any

from redis import Redis

from app import data_paths
from app.voting import keys
from bench.process_tree import read_tree
from tests.launcher.board import served
from tests.waiting import block_until

# A second, by the clock of Valkey, of web and worker together, with those within functions. There
# are about 20, more beside a job of every minute, and were 120 when all jobs went through the queue
# of arq.
MOST_COMMANDS = 60
# Bytes of all processes of `upvote serve`, each with its share of what it has in common with others.
# It is about 190 MiB, and some more until the connections are closed which only the start needs.
MOST_MEMORY = 225 * 2**20


def test_an_idle_board_sends_few_commands_and_needs_little_memory(tmp_path):
    with (
        served(tmp_path) as board,
        Redis.from_url(data_paths.redis_url(board.data_dir)) as valkey,
    ):
        block_until(lambda: last_run(valkey), "for the worker")
        before, first = measure(valkey), last_run(valkey)
        block_until(lambda: last_run(valkey) > first + 9, "for two more runs of a job", every=2)
        commands, seconds = (now - then for now, then in zip(measure(valkey), before, strict=True))
        memory = sum(use.pss for use in read_tree(board.process.pid).values())
    assert 0 < commands < MOST_COMMANDS * seconds
    assert 0 < memory < MOST_MEMORY


def last_run(valkey: Any) -> float:
    """Return when persist_events ended last. A worker without work runs it every 5 s."""
    return float(valkey.hget(keys.METRICS_WORKER, "persist_events:ended_at") or 0)


def measure(valkey: Any) -> tuple[int, float]:
    """Return how many commands Valkey has processed, and its time (s)."""
    seconds, microseconds = valkey.time()
    return valkey.info("stats")["total_commands_processed"], seconds + microseconds / 1e6
