"""The board's figures in Prometheus' format. Counters are of all processes; any process tells them."""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from app import __version__
from app.operations.ops.heartbeat import Heartbeat
from app.operations.ops.queries import Database
from app.operations.ops.state import RedisState, State
from app.voting.metrics import BUCKETS, REFUSALS

# Names as Prometheus wants them: base units, _total for what only grows.
DRIFT = ("found", "remaining")
GAUGES_OF_PROCESSES = (
    ("upvote_pool_connections", "Connections to PostgreSQL that the processes hold", "pool_size"),
    ("upvote_pool_idle_connections", "Those of them that nobody uses", "pool_idle"),
    ("upvote_pool_waiting", "Callers that wait for a connection", "pool_waiting"),
    ("upvote_breaker_open", "Processes that leave Redis alone after a failure", "breaker_open"),
    ("upvote_breaker_openings", "How often those that are there began to", "breaker_opened"),
)


def write(state: State) -> bytes:
    """The text that /metrics answers. What a server that is away knows is left out."""
    registry = CollectorRegistry()
    registry.register(_Board(state))
    return generate_latest(registry)


class _Board(Collector):
    def __init__(self, state: State) -> None:
        self._state = state

    def collect(self) -> Iterator[Metric]:
        state = self._state
        yield _gauge("upvote_info", "The running version", 1, version=__version__)
        yield _gauge("upvote_ready", "Whether votes are taken", state.takes_votes)
        yield _gauge("upvote_redis_up", "Whether Redis answers", state.redis is not None)
        yield _gauge("upvote_postgresql_up", "Whether PostgreSQL answers", state.database is not None)
        yield _gauge("upvote_web_processes", "Web processes that are there", len(state.webs))
        streams = sum(process.streams for process in state.webs)
        yield _gauge("upvote_live_streams", "Open pages with live tallies", streams)
        yield from _processes(state.processes)
        if state.redis is not None:
            yield from _votes(state.redis.votes)
            yield from _waiting(state.redis)
            yield from _jobs(state.redis.notes)
        if state.database is not None:
            yield from _database(state.database)


def _processes(processes: list[Heartbeat]) -> Iterator[Metric]:
    """Summed by role: a label a process would be a new series with each restart."""
    for name, text, field in GAUGES_OF_PROCESSES:
        family = GaugeMetricFamily(name, text, labels=["role"])
        for role in sorted({process.role for process in processes}):
            of_role = [getattr(process, field) for process in processes if process.role == role]
            family.add_metric([role], sum(of_role))
        yield family


def _votes(totals: dict[str, float]) -> Iterator[Metric]:
    votes = CounterMetricFamily("upvote_votes", "Votes by what became of them", labels=["result"])
    votes.add_metric(["accepted"], totals.get("votes", 0))
    votes.add_metric(["error"], totals.get("errors", 0))
    for reason in REFUSALS.values():
        votes.add_metric([reason], totals.get(f"refused:{reason}", 0))
    yield votes
    yield _latency(totals)


def _latency(totals: dict[str, float]) -> Metric:
    count, buckets = 0.0, []
    for bound in (*BUCKETS, float("inf")):
        count += totals.get(f"le:{bound:g}", 0)
        buckets.append(("+Inf" if bound == float("inf") else f"{bound:g}", count))
    family = HistogramMetricFamily("upvote_vote_latency_seconds", "From the batcher to the answer")
    family.add_metric([], buckets, totals.get("latency_ms", 0) / 1000)
    return family


def _waiting(redis: RedisState) -> Iterator[Metric]:
    yield _gauge("upvote_events_waiting", "Events that are not yet in PostgreSQL", redis.events)
    yield _gauge("upvote_oldest_event_age_seconds", "Age of the oldest of them", redis.oldest_age)
    yield _gauge("upvote_changed_projects", "Projects that wait for a sync", redis.changed)
    yield _gauge("upvote_redis_memory_bytes", "Memory that Redis uses", redis.memory)
    for name in DRIFT:
        if f"drift:{name}" in redis.notes:
            text = f"Differences that the last reconcile {name}"
            yield _gauge(f"upvote_drift_{name}", text, float(redis.notes[f"drift:{name}"]))


def _jobs(notes: dict[str, str]) -> Iterator[Metric]:
    ended = GaugeMetricFamily(
        "upvote_job_last_end_timestamp_seconds", "When a job of the worker ended last", labels=["job"]
    )
    took = GaugeMetricFamily(
        "upvote_job_last_duration_seconds", "How long its last run took", labels=["job"]
    )
    failed = GaugeMetricFamily("upvote_job_failed", "Whether its last run failed", labels=["job"])
    for name in sorted(n.removesuffix(":ended_at") for n in notes if n.endswith(":ended_at")):
        ended.add_metric([name], float(notes[f"{name}:ended_at"]))
        took.add_metric([name], float(notes.get(f"{name}:seconds", 0)))
        failed.add_metric([name], bool(notes.get(f"{name}:error")))
    yield from (ended, took, failed)


def _database(database: Database) -> Iterator[Metric]:
    yield _gauge("upvote_postgresql_size_bytes", "The database on disk", database.size)
    yield _gauge("upvote_event_log_size_bytes", "The event log on disk", database.log_size)
    if database.log_since:
        yield _gauge(
            "upvote_event_log_start_timestamp_seconds",
            "The beginning of the oldest month that is kept",
            database.log_since.timestamp(),
        )
    yield _gauge(
        "upvote_postgresql_connections", "Connections to the server in use", database.connections
    )
    yield _gauge(
        "upvote_postgresql_connections_max",
        "Connections that the server takes",
        database.most_connections,
    )


def _gauge(name: str, text: str, value: float, **labels: str) -> Metric:
    family = GaugeMetricFamily(name, text, labels=list(labels))
    family.add_metric(list(labels.values()), float(value))
    return family
