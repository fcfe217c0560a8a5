"""The commands run on the board of the tests of `verify`."""

from tests.operations.verify.conftest import own_board, short_waits

__all__ = ["own_board", "short_waits"]
