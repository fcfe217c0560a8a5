"""Evaluates the parts of PromQL that the alert rules use, on the text of /metrics."""

import re
from pathlib import Path

import yaml
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

ROOT = Path(__file__).parents[3]
RULES = {
    rule["alert"]: rule["expr"]
    for group in yaml.safe_load((ROOT / "deploy/alerts.yml").read_text())["groups"]
    for rule in group["rules"]
}


# Prometheus gives every series these labels of its own. A label of ours with such a name becomes
# exported_NAME.
TARGET = {"job": "upvote", "instance": "127.0.0.1:8000"}


def samples(text: str) -> list[Sample]:
    """Return what Prometheus stores of a text of /metrics."""
    families = text_string_to_metric_families(text)
    return [s._replace(labels=_stored(s.labels)) for family in families for s in family.samples]


def _stored(labels: dict[str, str]) -> dict[str, str]:
    return {f"exported_{n}" if n in TARGET else n: value for n, value in labels.items()} | TARGET


def values(text: str, selector: str) -> list[float]:
    """Return the values that a selector like name{label="x"} matches."""
    name, label, wanted = re.fullmatch(r'(\w+)(?:\{(\w+)="(\w+)"\})?', selector).groups()
    return [
        s.value for s in samples(text) if s.name == name and (not label or s.labels[label] == wanted)
    ]


def fires(expression: str, text: str, before: str, now: float) -> bool:
    """Return whether an alert's expression is true at a time (Unix, s), regardless of its `for`.

    `text` is the text of /metrics at that time, "" if there was no answer; `before` is the text of five
    minutes earlier.
    """
    if match := re.fullmatch(r"absent\((\w+)\)", expression):
        return not values(text, match[1])
    left, operator, right = re.fullmatch(r"(.*) (==|>) ([\d.]+)", expression).groups()
    found = _evaluate(left, text, before, now)
    return any(value == float(right) if operator == "==" else value > float(right) for value in found)


def _evaluate(expression: str, text: str, before: str, now: float) -> list[float]:
    if match := re.fullmatch(r"time\(\) - (.*)", expression):
        return [now - value for value in values(text, match[1])]
    if match := re.fullmatch(r"rate\((.*)\[5m\]\)", expression):
        pairs = zip(values(text, match[1]), values(before, match[1]), strict=True)
        return [(later - then) / 300 for later, then in pairs]
    if match := re.fullmatch(r"histogram_quantile\(0.99, rate\((\w+)\[5m\]\)\)", expression):
        return [_quantile(0.99, text, before, match[1])]
    if match := re.fullmatch(r"(\w+) / (\w+)", expression):
        return [values(text, match[1])[0] / values(text, match[2])[0]]
    return values(text, expression)


def _quantile(share: float, text: str, before: str, name: str) -> float:
    """Return the upper bound of the bucket that contains the quantile."""
    counts = [
        later - then for later, then in zip(values(text, name), values(before, name), strict=True)
    ]
    bounds = [float(s.labels["le"]) for s in samples(text) if s.name == name]
    reached = (
        bound for bound, count in zip(bounds, counts, strict=True) if count >= share * counts[-1]
    )
    return next(reached) if counts[-1] else 0.0
