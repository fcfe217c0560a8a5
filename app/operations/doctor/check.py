"""The result of one check, and the words that results share."""

from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Check:
    """A check's result. `text` is a value if it passed, else the problem and what to do next."""

    name: str
    passed: bool
    text: str

    def __str__(self) -> str:
        return f"{'ok  ' if self.passed else 'FAIL'} {self.name}: {self.text}"


def ok(name: str, value: str) -> Check:
    """Return a check that passed."""
    return Check(name, True, value)


def fail(name: str, problem: str, advice: str) -> Check:
    """Return a check that failed. Its text is two sentences: the problem, and what to do next."""
    return Check(name, False, f"{problem}. {advice}.")


def ok_or_fail(name: str, passed: bool, value: str, advice: str) -> Check:
    """Return a check that shows its value either way, with the advice if it failed."""
    return ok(name, value) if passed else fail(name, value, advice)


def format_duration(seconds: float) -> str:
    """Return a duration in words, rounded to its largest unit: "3 h"."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds} s" if isinstance(seconds, int) else f"{max(seconds, 0):.1f} s"


def server_address(url: str) -> str:
    """Return a server's address from its URL, without user and password."""
    parts = urlsplit(url)
    [host] = parse_qs(parts.query).get("host", [parts.hostname or ""])
    return f"{host}{f':{parts.port}' if parts.port else ''}{parts.path}"
