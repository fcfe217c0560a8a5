"""Retention is tested on the board of the tests of verify."""

from tests.operations.retention.old_events import project
from tests.operations.verify.conftest import own_board, short_waits

__all__ = ["own_board", "project", "short_waits"]
