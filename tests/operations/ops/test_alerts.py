"""Alerts and dashboard use metrics that exist, and each alert fires in its trouble only."""

import json
import re

import pytest

from app.operations.ops import prometheus
from app.operations.ops.heartbeat import Heartbeat
from app.operations.ops.queries import Database
from app.operations.ops.state import RedisState, State
from tests.operations.ops.promql import ROOT, RULES, TARGET, fires, samples

NOW = 1_800_000_000.0
DATABASE = Database(size=1_000_000, connections=5, max_connections=100)
VOTES = {"votes": 1000, "latency_ms": 900.0, "le:0.001": 990, "le:0.0025": 10, "errors": 0}


def redis(**changes) -> RedisState:
    notes = {f"{job}:ended_at": str(NOW - 1) for job in ("persist_events", "sync_tallies")}
    notes |= {"drift:found": "0", "drift:remaining": "0"}
    state = {"votes": VOTES, "notes": notes, "events": 3, "oldest_age": 0.5, "changed": 2, "memory": 9}
    state["processes"] = [Heartbeat("web"), Heartbeat("worker")]
    return RedisState(**(state | changes))


HEALTHY = State(redis(), DATABASE, accepts_votes=True)
LATER = {**VOTES, "errors": 100, "le:0.25": 500, "le:1": 500}


def noted(**notes: str) -> State:
    """Return a board whose worker has written these notes."""
    return State(redis(notes=redis().notes | notes), DATABASE, accepts_votes=True)


# The state in which each alert fires; five minutes before, the board was healthy.
TROUBLE = {
    "UpvoteAbsent": None,
    "UpvoteTakesNoVotes": State(redis(), DATABASE, accepts_votes=False),
    "UpvoteRedisAway": State(None, DATABASE, accepts_votes=False),
    "UpvotePostgresqlAway": State(redis(), None, accepts_votes=True),
    "UpvoteEventsWait": State(redis(oldest_age=31.0), DATABASE, accepts_votes=True),
    "UpvoteWorkerSilent": noted(**{"persist_events:ended_at": str(NOW - 61)}),
    "UpvoteSyncLate": noted(**{"sync_tallies:ended_at": str(NOW - 301)}),
    "UpvoteJobFails": noted(**{"sync_tallies:error": "OSError()"}),
    "UpvoteDrift": noted(**{"drift:remaining": "1"}),
    "UpvoteErrors": State(redis(votes=LATER), DATABASE, accepts_votes=True),
    "UpvoteSlow": State(redis(votes=LATER), DATABASE, accepts_votes=True),
    "UpvoteConnectionsFull": State(redis(), Database(1, 95, 100), accepts_votes=True),
    "UpvotePoolWaits": State(
        redis(processes=[Heartbeat("web", pool_waiting=4)]), DATABASE, accepts_votes=True
    ),
}


def text_of(state: State | None) -> str:
    return "" if state is None else prometheus.render(state).decode()


@pytest.mark.parametrize("alert", RULES)
def test_the_alert_fires_in_its_trouble_and_not_on_a_healthy_board(alert):
    healthy = text_of(HEALTHY)
    assert fires(RULES[alert], text_of(TROUBLE[alert]), healthy, NOW)
    assert not fires(RULES[alert], healthy, healthy, NOW)


def test_every_alert_has_a_trouble_and_a_runbook():
    assert RULES.keys() == TROUBLE.keys()
    headings = re.findall(r"^## (\w+)$", (ROOT / "docs/runbooks.md").read_text(), re.M)
    assert set(headings) == RULES.keys()


def test_the_dashboard_shows_metrics_that_exist():
    dashboard = json.loads((ROOT / "deploy/grafana-dashboard.json").read_text())
    shown = " ".join(t["expr"] for panel in dashboard["panels"] for t in panel["targets"])
    exported = {s.name for s in samples(text_of(noted(**{"persist_events:seconds": "1"})))}
    assert set(re.findall(r"upvote_\w+", shown)) <= exported


def test_no_label_is_one_that_prometheus_sets_itself():
    state = noted(**{"persist_events:seconds": "1"})
    labels = {label for sample in samples(text_of(state)) for label in sample.labels}
    assert not [label for label in labels if label.startswith("exported_")]
    assert {"task", "role", "result"} < labels


def test_the_legends_of_the_dashboard_are_labels_that_exist():
    dashboard = json.loads((ROOT / "deploy/grafana-dashboard.json").read_text())
    stored = samples(text_of(noted(**{"persist_events:seconds": "1"})))
    for target in [t for panel in dashboard["panels"] for t in panel["targets"]]:
        names = set(re.findall(r"upvote_\w+", target["expr"]))
        shown = set(re.findall(r"{{(\w+)}}", target.get("legendFormat", "")))
        assert shown <= {label for s in stored if s.name in names for label in s.labels} - TARGET.keys()
