"""Time-outs that run out sooner, and what they would have been."""

import pytest

from app.storage.timeouts import within


def hurry(monkeypatch: pytest.MonkeyPatch, module: str) -> list[float]:
    """From now on each `within` of the module gives up after 0.2 s; gives what it was to take (s)."""
    allowed: list[float] = []

    class Hurried(within):
        def __init__(self, seconds: float) -> None:
            allowed.append(seconds)
            super().__init__(0.2)

    monkeypatch.setattr(f"{module}.within", Hurried)
    return allowed
