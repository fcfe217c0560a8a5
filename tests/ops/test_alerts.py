"""Alerts and dashboard speak of figures that exist; each alert fires when what it is for happens."""

import json
import re
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from app.ops import exposition
from app.ops.presence import Presence
from app.ops.queries import Database
from app.ops.state import RedisState, State

ROOT = Path(__file__).parents[2]
RULES = {
    rule["alert"]: rule["expr"]
    for group in yaml.safe_load((ROOT / "deploy/alerts.yml").read_text())["groups"]
    for rule in group["rules"]
}
NOW = 1_800_000_000.0
DATABASE = Database(size=1_000_000, connections=5, most_connections=100)
VOTES = {"votes": 1000, "latency_ms": 900.0, "le:0.001": 990, "le:0.0025": 10, "errors": 0}


def redis(**changes) -> RedisState:
    notes = {f"{job}:ended_at": str(NOW - 1) for job in ("persist_events", "sync_tallies")}
    notes |= {"drift:found": "0", "drift:remaining": "0"}
    state = {"votes": VOTES, "notes": notes, "events": 3, "oldest_age": 0.5, "changed": 2, "memory": 9}
    state["processes"] = [Presence("web"), Presence("worker")]
    return RedisState(**(state | changes))


WELL = State(redis(), DATABASE, takes_votes=True)
LATER = {**VOTES, "errors": 100, "le:0.25": 500, "le:1": 500}


def noted(**notes: str) -> State:
    """A board whose worker has noted this."""
    return State(redis(notes=redis().notes | notes), DATABASE, takes_votes=True)


# What each alert is for: the board of now, and of five minutes before where a rate is looked at.
TROUBLE = {
    "UpvoteAbsent": None,
    "UpvoteTakesNoVotes": State(redis(), DATABASE, takes_votes=False),
    "UpvoteRedisAway": State(None, DATABASE, takes_votes=False),
    "UpvotePostgresqlAway": State(redis(), None, takes_votes=True),
    "UpvoteEventsWait": State(redis(oldest_age=31.0), DATABASE, takes_votes=True),
    "UpvoteWorkerSilent": noted(**{"persist_events:ended_at": str(NOW - 61)}),
    "UpvoteSyncLate": noted(**{"sync_tallies:ended_at": str(NOW - 301)}),
    "UpvoteJobFails": noted(**{"sync_tallies:error": "OSError()"}),
    "UpvoteDrift": noted(**{"drift:remaining": "1"}),
    "UpvoteErrors": State(redis(votes=LATER), DATABASE, takes_votes=True),
    "UpvoteSlow": State(redis(votes=LATER), DATABASE, takes_votes=True),
    "UpvoteConnectionsFull": State(redis(), Database(1, 95, 100), takes_votes=True),
    "UpvotePoolWaits": State(
        redis(processes=[Presence("web", pool_waiting=4)]), DATABASE, takes_votes=True
    ),
}


def samples(state: State | None):
    text = "" if state is None else exposition.write(state).decode()
    return [s for family in text_string_to_metric_families(text) for s in family.samples]


def values(state: State | None, selector: str) -> list[float]:
    """What a selector like name{label="x"} gives."""
    name, label, wanted = re.fullmatch(r'(\w+)(?:\{(\w+)="(\w+)"\})?', selector).groups()
    return [
        s.value for s in samples(state) if s.name == name and (not label or s.labels[label] == wanted)
    ]


def fires(expression: str, state: State | None, before: State | None) -> bool:
    """PromQL, as much of it as the rules use; `before` is the board five minutes ago."""
    if match := re.fullmatch(r"absent\((\w+)\)", expression):
        return not values(state, match[1])
    left, operator, right = re.fullmatch(r"(.*) (==|>) ([\d.]+)", expression).groups()
    found = _evaluate(left, state, before)
    return any(value == float(right) if operator == "==" else value > float(right) for value in found)


def _evaluate(expression: str, state: State | None, before: State | None) -> list[float]:
    if match := re.fullmatch(r"time\(\) - (.*)", expression):
        return [NOW - value for value in values(state, match[1])]
    if match := re.fullmatch(r"rate\((.*)\[5m\]\)", expression):
        pairs = zip(values(state, match[1]), values(before, match[1]), strict=True)
        return [(now - then) / 300 for now, then in pairs]
    if match := re.fullmatch(r"histogram_quantile\(0.99, rate\((\w+)\[5m\]\)\)", expression):
        return [_quantile(0.99, state, before, match[1])]
    if match := re.fullmatch(r"(\w+) / (\w+)", expression):
        return [values(state, match[1])[0] / values(state, match[2])[0]]
    return values(state, expression)


def _quantile(share: float, state: State, before: State, name: str) -> float:
    """The upper bound of the bucket that the quantile lies in."""
    counts = [now - then for now, then in zip(values(state, name), values(before, name), strict=True)]
    bounds = [float(s.labels["le"]) for s in samples(state) if s.name == name]
    reached = (
        bound for bound, count in zip(bounds, counts, strict=True) if count >= share * counts[-1]
    )
    return next(reached) if counts[-1] else 0.0


@pytest.mark.parametrize("alert", RULES)
def test_the_alert_fires_in_its_trouble_and_only_then(alert):
    assert fires(RULES[alert], TROUBLE[alert], WELL)
    assert not fires(RULES[alert], WELL, WELL)


def test_every_alert_has_its_trouble_and_its_runbook():
    assert RULES.keys() == TROUBLE.keys()
    headings = re.findall(r"^## (\w+)$", (ROOT / "docs/runbooks.md").read_text(), re.M)
    assert set(headings) == RULES.keys()


def test_the_dashboard_shows_figures_that_exist():
    dashboard = json.loads((ROOT / "deploy/grafana-dashboard.json").read_text())
    shown = " ".join(t["expr"] for panel in dashboard["panels"] for t in panel["targets"])
    exported = {s.name for s in samples(noted(**{"persist_events:seconds": "1"}))}
    assert set(re.findall(r"upvote_\w+", shown)) <= exported
