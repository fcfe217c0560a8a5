"""The commands run on the board of the audit's tests."""

from tests.operations.verify.conftest import house, short_waits

__all__ = ["house", "short_waits"]
