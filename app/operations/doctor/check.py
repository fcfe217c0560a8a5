"""The result of one check, one line each."""

from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Check:
    """`text` is the value of a check that went well; else what is wrong and what to do next."""

    name: str
    well: bool
    text: str

    def __str__(self) -> str:
        return f"{'ok  ' if self.well else 'FAIL'} {self.name}: {self.text}"


def ok(name: str, value: str) -> Check:
    return Check(name, True, value)


def fail(name: str, wrong: str, advice: str) -> Check:
    """Two sentences: what is wrong, and what to do next."""
    return Check(name, False, f"{wrong}. {advice}.")


def judge(name: str, well: bool, value: str, advice: str) -> Check:
    """The value is worth knowing either way; the advice is for when it is not well."""
    return ok(name, value) if well else fail(name, value, advice)


def ago(seconds: float) -> str:
    """A span of time in words, as exact as anybody needs it."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds} s" if isinstance(seconds, int) else f"{max(seconds, 0):.1f} s"


def where(url: str) -> str:
    """A server's address, without the password that may stand in its URL."""
    parts = urlsplit(url)
    [host] = parse_qs(parts.query).get("host", [parts.hostname or ""])
    return f"{host}{f':{parts.port}' if parts.port else ''}{parts.path}"
