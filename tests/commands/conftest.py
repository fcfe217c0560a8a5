"""The commands run on the board of the audit's tests."""

from tests.audit.conftest import house

__all__ = ["house"]
