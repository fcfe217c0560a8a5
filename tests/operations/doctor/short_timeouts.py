"""Shortens timeouts, and records how long they would have been."""

from contextvars import ContextVar

import pytest

from app.storage.timeouts import within

# Set in the test and the tasks that it starts, and not in what other boards do meanwhile.
RECORDS: ContextVar[list[float] | None] = ContextVar("RECORDS", default=None)


def shorten_timeouts(monkeypatch: pytest.MonkeyPatch, module: str) -> list[float]:
    """Let every `within` of a module that this test enters give up after 0.2 s.

    Returns the list of their real limits (s).
    """
    allowed: list[float] = []

    class Shortened(within):
        def __init__(self, seconds: float) -> None:
            records = RECORDS.get()
            if records is not None:
                records.append(seconds)
            super().__init__(seconds if records is None else 0.2)

    RECORDS.set(allowed)
    monkeypatch.setattr(f"{module}.within", Shortened)
    return allowed
