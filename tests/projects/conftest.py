"""Fixtures of these tests. Some change the board, and restore it, since all tests share it."""

import secrets

import pytest

from tests.board.organise import organise
from tests.board.some_tracks import tracks

__all__ = ["organise", "tracks"]


@pytest.fixture
def word():
    """Return a word that no other test uses."""
    return "w" + "".join(secrets.choice("bcdfghjklmnpqrtvwxz") for _ in range(11))
