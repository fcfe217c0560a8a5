"""Password hashes that cost nothing, for tests whose matter they are not."""

import pytest
from argon2 import PasswordHasher

WEAK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the app in this process, in every test of the module or folder that imports this."""
    monkeypatch.setattr("app.accounts.passwords._hasher", WEAK)
