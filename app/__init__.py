"""Upvote: a self-hosted voting board."""

from app.loading import collect_seldom, load_late

__version__ = "0.1.0"

collect_seldom()
load_late()
