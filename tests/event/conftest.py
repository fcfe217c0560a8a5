"""Fixtures: an admin, and the board's settings, which are restored."""

from tests.board.organise import organise
from tests.moderation.admin_pages import admin

__all__ = ["admin", "organise"]
