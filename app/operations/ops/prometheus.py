"""The board's figures in Prometheus' format. Every process answers with the counts of all processes."""

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
from app.voting.metrics import BUCKETS, REFUSAL_NAMES

# Names follow the conventions of Prometheus: base units, and _total for counters.
DRIFT = {
    "found": "Differences that the last reconcile found",
    "remaining": "Differences that the last reconcile could not repair",
}
PROCESS_GAUGES = (
    ("upvote_pool_connections", "Open connections to PostgreSQL", "pool_size"),
    ("upvote_pool_idle_connections", "Open connections to PostgreSQL that are idle", "pool_idle"),
    ("upvote_pool_waiting", "Callers waiting for a connection to PostgreSQL", "pool_waiting"),
    ("upvote_breaker_open", "Processes whose circuit breaker for Redis is open", "breaker_open"),
    (
        "upvote_breaker_openings",
        "How often the circuit breakers of the running processes have opened",
        "breaker_opened",
    ),
    (
        "upvote_busy_refusals",
        "Searches, sign-ins and exports that the running processes refused as too many at once",
        "busy",
    ),
    (
        "upvote_dropped_log_lines",
        "Lines of output that the running processes could not write",
        "dropped_lines",
    ),
)
# Labelled by the number of the webhook, since its address may hold a secret.
WEBHOOK_GAUGES = (
    ("upvote_webhook_events_waiting", "Events that wait to be sent", "waiting"),
    ("upvote_webhook_events_failing", "Those of them that have failed at least once", "failing"),
    ("upvote_webhook_events_given_up", "Events that were given up within a day", "given_up"),
    ("upvote_webhook_disabled", "Whether its receiver has answered 410 (Gone)", "disabled"),
)


def render(state: State, *, with_votes: bool = True) -> bytes:
    """Return the text of /metrics, without the figures of a server that is away.

    Without votes, it says only which servers and processes run, which alerts need at any time.
    """
    registry = CollectorRegistry()
    registry.register(_StateCollector(state, with_votes=with_votes))
    return generate_latest(registry)


class _StateCollector(Collector):
    def __init__(self, state: State, *, with_votes: bool) -> None:
        self._state, self._with_votes = state, with_votes

    def collect(self) -> Iterator[Metric]:
        state = self._state
        yield _gauge("upvote_info", "The running version", 1, version=__version__)
        yield _gauge("upvote_ready", "Whether votes are accepted", state.accepts_votes)
        yield _gauge("upvote_redis_up", "Whether Redis answers", state.redis is not None)
        yield _gauge("upvote_postgresql_up", "Whether PostgreSQL answers", state.database is not None)
        yield _gauge("upvote_web_processes", "Running web processes", len(state.web_processes))
        streams = sum(process.streams for process in state.web_processes)
        yield _gauge("upvote_live_streams", "Open pages with live tallies", streams)
        yield from _processes(state.processes)
        if not self._with_votes:
            return
        if state.redis is not None:
            yield from _votes(state.redis.votes)
            yield from _waiting(state.redis)
            yield from _jobs(state.redis.notes)
        if state.database is not None:
            yield from _database(state.database)


def _processes(processes: list[Heartbeat]) -> Iterator[Metric]:
    """Yield the gauges, summed by role: a label for each process would add series with each restart."""
    for name, text, field in PROCESS_GAUGES:
        family = GaugeMetricFamily(name, text, labels=["role"])
        for role in sorted({process.role for process in processes}):
            of_role = [getattr(process, field) for process in processes if process.role == role]
            family.add_metric([role], sum(of_role))
        yield family


def _votes(totals: dict[str, float]) -> Iterator[Metric]:
    votes = CounterMetricFamily("upvote_votes", "Votes by result", labels=["result"])
    votes.add_metric(["accepted"], totals.get("votes", 0))
    votes.add_metric(["error"], totals.get("errors", 0))
    for reason in REFUSAL_NAMES.values():
        votes.add_metric([reason], totals.get(f"refused:{reason}", 0))
    yield votes
    yield _latency(totals)


def _latency(totals: dict[str, float]) -> Metric:
    count, buckets = 0.0, []
    for bound in (*BUCKETS, float("inf")):
        count += totals.get(f"le:{bound:g}", 0)
        buckets.append(("+Inf" if bound == float("inf") else f"{bound:g}", count))
    family = HistogramMetricFamily(
        "upvote_vote_latency_seconds", "Time of a vote from the batcher to its result"
    )
    family.add_metric([], buckets, totals.get("latency_ms", 0) / 1000)
    return family


def _waiting(redis: RedisState) -> Iterator[Metric]:
    yield _gauge("upvote_events_waiting", "Events waiting to be persisted", redis.events)
    yield _gauge(
        "upvote_oldest_event_age_seconds",
        "Age of the oldest event waiting to be persisted",
        redis.oldest_age,
    )
    yield _gauge("upvote_changed_projects", "Projects waiting for a sync", redis.changed)
    yield _gauge("upvote_redis_memory_bytes", "Memory that Redis uses", redis.memory)
    yield _gauge(
        "upvote_redis_memory_used_ratio",
        "Share of its maxmemory that Redis uses, 0 without a limit",
        redis.memory_share,
    )
    for name, text in DRIFT.items():
        if f"drift:{name}" in redis.notes:
            yield _gauge(f"upvote_drift_{name}", text, float(redis.notes[f"drift:{name}"]))


def _jobs(notes: dict[str, str]) -> Iterator[Metric]:
    # The label is not "job": Prometheus has one of this name, and would rename ours.
    ended = GaugeMetricFamily(
        "upvote_job_last_end_timestamp_seconds", "When a job of the worker last ended", labels=["task"]
    )
    took = GaugeMetricFamily(
        "upvote_job_last_duration_seconds", "How long the last run of a job took", labels=["task"]
    )
    failed = GaugeMetricFamily(
        "upvote_job_failed", "Whether the last run of a job failed", labels=["task"]
    )
    for name in sorted(n.removesuffix(":ended_at") for n in notes if n.endswith(":ended_at")):
        ended.add_metric([name], float(notes[f"{name}:ended_at"]))
        took.add_metric([name], float(notes.get(f"{name}:seconds", 0)))
        failed.add_metric([name], bool(notes.get(f"{name}:error")))
    yield from (ended, took, failed)


def _database(database: Database) -> Iterator[Metric]:
    yield _gauge("upvote_postgresql_size_bytes", "Size of the database on disk", database.size)
    yield _gauge("upvote_event_log_size_bytes", "Size of the event log on disk", database.log_size)
    if database.log_since:
        yield _gauge(
            "upvote_event_log_start_timestamp_seconds",
            "Start of the oldest month in the event log",
            database.log_since.timestamp(),
        )
    yield _gauge(
        "upvote_postgresql_connections", "Connections to PostgreSQL in use", database.connections
    )
    yield _gauge(
        "upvote_postgresql_connections_max",
        "Maximum number of connections to PostgreSQL",
        database.max_connections,
    )
    for name, text, field in WEBHOOK_GAUGES:
        family = GaugeMetricFamily(name, text, labels=["webhook"])
        for webhook in database.webhooks:
            family.add_metric([str(webhook.id)], float(getattr(webhook, field)))
        yield family


def _gauge(name: str, text: str, value: float, **labels: str) -> Metric:
    family = GaugeMetricFamily(name, text, labels=list(labels))
    family.add_metric(list(labels.values()), float(value))
    return family
