"""Repair is tested on the board of the tests of verify."""

from tests.operations.verify.conftest import own_board, short_waits
from tests.operations.verify.project import project

__all__ = ["own_board", "project", "short_waits"]
