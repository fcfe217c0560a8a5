"""Fast password hashes, for tests that are not about hashing."""

import pytest
from argon2 import PasswordHasher

WEAK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Use fast hashes in every test of the module or folder that imports this fixture."""
    monkeypatch.setattr("app.accounts.passwords._hasher", WEAK)
