"""Shortens timeouts, and records how long they would have been."""

import pytest

from app.storage.timeouts import within


def shorten_timeouts(monkeypatch: pytest.MonkeyPatch, module: str) -> list[float]:
    """Let every `within` of a module give up after 0.2 s; return the list of its real limits (s)."""
    allowed: list[float] = []

    class Shortened(within):
        def __init__(self, seconds: float) -> None:
            allowed.append(seconds)
            super().__init__(0.2)

    monkeypatch.setattr(f"{module}.within", Shortened)
    return allowed
