"""Fixtures: an admin, the board's settings, which are restored, and a board for events."""

from tests.board.organise import organise
from tests.event.own_event import event, event_board
from tests.moderation.admin_pages import admin

__all__ = ["admin", "event", "event_board", "organise"]
